using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Trainer.Evaluation;
using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Tests.Evaluation;

public sealed class KlErrorMeasureTests
{
    private const int Vocabulary = 23;
    private static readonly long[][] Rows = [[1, 2, 3, 4, 5, 6, 7], [12, 13, 14, 15, 16, 0, 0, 3]];

    [Fact]
    public void All_tokens_kept_cost_nothing_and_few_cost_much()
    {
        var all = Measure(new KeepSpec { TopP = 1, MaxTokens = Vocabulary });
        var few = Measure(new KeepSpec { TopP = 1, MaxTokens = 2 });

        Assert.Equal([2, 1], all.Select(error => error.Temperature));
        Assert.All(all, error => Assert.InRange(error.Relative, 0, 1e-3));
        Assert.All(few, error => Assert.InRange(error.Relative, 0.01, 1));
    }

    private static IReadOnlyList<KlError> Measure(KeepSpec keep)
    {
        using var student = new DecayModel(Vocabulary, 6, seed: 1);
        using var teacher = new DecayModel(Vocabulary, 10, seed: 2);
        var settings = new ExtractionSettings
        {
            Keep = keep,
            InverseTemperatures = TemperatureNodes.Between(1, 2),
            ChunkPositions = 5,
        };
        return new KlErrorMeasure(student, teacher, settings).Measure(Rows.Select(row => new EvaluationRow(row)), [2, 1, 1]);
    }
}
