using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;

namespace Distil.Core.Tests.Documents;

/// <summary>Minimal documents of a training.</summary>
internal static class SampleTraining
{
    /// <summary>A step whose loss is its number.</summary>
    public static StepMetrics Step(long globalStep) => new()
    {
        Epoch = 0,
        Step = globalStep,
        GlobalStep = globalStep,
        Loss = globalStep,
        CrossEntropy = 1,
        LearningRate = 0.001,
        GradientNorm = 1,
        Tokens = 64,
        TokensPerSecond = 100,
    };

    /// <summary>An evaluation of some rows.</summary>
    public static EvaluationResult Evaluation(long rows) => new() { Rows = rows, Tokens = 10 * rows, Student = new ModelScore(1, Math.E, 0.5) };
}
