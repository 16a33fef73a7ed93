using Distil.Core.Documents;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Jobs.Export;

namespace Distil.Trainer.Tests.Jobs.Export;

public sealed class TrainingHistoryTests
{
    /// <summary>The last step of a shard may have one row, if the others have eight.</summary>
    [Fact]
    public void A_step_with_few_tokens_is_counted_and_leaves_no_spike_in_a_curve()
    {
        var summary = TrainingHistory.Summarise([.. Enumerable.Range(0, 6).Select(step => Step(step, isLast: step == 5))], peakMemoryBytes: null);
        Assert.Equal((6, 2560), (summary.Steps, summary.Tokens));
        var loss = summary.Curves.Single(curve => curve.Kind == CurveKind.Loss);
        Assert.Equal([1, 2, 3, 4, 5], loss.Points.Select(point => point.Step));
        Assert.All(loss.Points, point => Assert.Equal(2, point.Most));
    }

    private static StepMetrics Step(int step, bool isLast) => new()
    {
        Epoch = 0,
        Step = step,
        GlobalStep = step,
        Loss = isLast ? 9 : 2,
        LearningRate = 0.001,
        GradientNorm = 1,
        Tokens = isLast ? 60 : 500,
        TokensPerSecond = 100,
    };
}
