using Distil.Core.Documents;
using Distil.Trainer.Metrics;
using Distil.Trainer.Tests.Training;

namespace Distil.Trainer.Tests.Metrics;

public sealed class MetricsLogTests
{
    [Fact]
    public void Gives_back_the_steps_it_was_given()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 0, 0, 1, 2);
        Assert.Equal([Step(0), Step(1), Step(2)], MetricsLog.Read(folder["metrics.jsonl"]));
    }

    [Fact]
    public void Has_each_step_once_after_going_back_to_a_checkpoint()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 0, 0, 1, 2, 3, 4);
        Write(folder, 3, 3, 4, 5);
        Assert.Equal([0, 1, 2, 3, 4, 5], MetricsLog.Read(folder["metrics.jsonl"]).Select(step => step.GlobalStep));
    }

    [Fact]
    public void Drops_a_line_that_a_crash_cut_off()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 0, 0, 1);
        File.AppendAllText(folder["metrics.jsonl"], "{\"epoch\":0,\"glob");
        Write(folder, 2, 2);
        Assert.Equal([0, 1, 2], MetricsLog.Read(folder["metrics.jsonl"]).Select(step => step.GlobalStep));
        Assert.Equal(3, File.ReadAllLines(folder["metrics.jsonl"]).Length);
    }

    [Fact]
    public void Leaves_out_what_a_training_without_a_teacher_has_not()
    {
        using var folder = new TemporaryFolder();
        Write(folder, 0, 0);
        Assert.DoesNotContain("alpha", File.ReadAllText(folder["metrics.jsonl"]));
    }

    internal static StepMetrics Step(long step) => new()
    {
        Epoch = 0,
        Step = step,
        GlobalStep = step,
        Loss = 2.5,
        CrossEntropy = 2.25,
        LearningRate = 1e-3,
        GradientNorm = 0.5,
        Tokens = 64,
        TokensPerSecond = 1000,
    };

    private static void Write(TemporaryFolder folder, long next, params long[] steps)
    {
        using var log = MetricsLog.Open(folder["metrics.jsonl"], next);
        foreach (var step in steps)
        {
            log.Write(Step(step));
        }
    }
}
