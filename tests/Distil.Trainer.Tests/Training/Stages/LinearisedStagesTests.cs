using System.Security.Cryptography;
using Distil.Trainer.Training.Checkpoints;

namespace Distil.Trainer.Tests.Training.Stages;

[Collection(AloneCollection.Name)]
public sealed class LinearisedStagesTests
{
    [Fact]
    public void Interrupted_after_any_step_of_any_stage_and_resumed_gives_the_same_bytes()
    {
        using var folder = new TemporaryFolder();
        using var whole = new LinearisedTraining();
        whole.Run(TrainingPosition.Start, folder.Path);
        Assert.Equal(10, whole.Steps.Count);
        for (var step = 1; step < 10; step++)
        {
            using var resumed = new LinearisedTraining();
            resumed.Run(resumed.Load(folder.Path, step));
            Assert.Equal(10 - step, resumed.Steps.Count);
            Assert.Equal(whole.Bytes, resumed.Bytes);
        }
    }

    [Fact]
    public void The_first_stage_leaves_every_inherited_weight_alone_and_brings_the_student_nearer_to_its_teacher()
    {
        using var training = new LinearisedTraining();
        var before = Hashes(training);
        training.Run(TrainingPosition.Start, until: 5);
        Assert.Equal(before, Hashes(training));
        Assert.All(training.Steps, step => Assert.Equal(training.Model.Shape.ReplacedLayers, step.LayerLosses!.Count));
        Assert.InRange(training.Steps[^1].Loss, 0, 0.9 * training.Steps[0].Loss);
        Assert.All(training.Steps, step => Assert.Null(step.CrossEntropy));

        training.Run(new TrainingPosition(1, 0, 5));
        Assert.NotEqual(before, Hashes(training));
        Assert.All(training.Steps.Skip(5), step => Assert.NotNull(step.Kl));
    }

    [Fact]
    public void Micro_batches_change_no_loss_and_no_weight_by_more_than_rounding()
    {
        using var whole = new LinearisedTraining(batchSize: 4, accumulation: 1, dropout: 0);
        using var parts = new LinearisedTraining(batchSize: 2, accumulation: 2, dropout: 0);
        whole.Run(TrainingPosition.Start);
        parts.Run(TrainingPosition.Start);
        Assert.All(whole.Steps.Zip(parts.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-4 * pair.First.Loss));
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(4, false)]
    [InlineData(0, true)]
    [InlineData(4, true)]
    public void Tokens_behind_the_end_of_a_row_or_the_last_that_counts_change_no_loss_in_either_stage(int window, bool masked)
    {
        using var zeros = new LinearisedTraining(window: window, dropout: 0, masked: masked);
        using var others = new LinearisedTraining(window: window, dropout: 0, padding: 7, masked: masked);
        zeros.Run(TrainingPosition.Start);
        others.Run(TrainingPosition.Start);
        Assert.Equal(10, zeros.Steps.Count);
        Assert.All(zeros.Steps.Zip(others.Steps), pair => Assert.Equal(pair.First.Loss, pair.Second.Loss, 1e-5 * pair.First.Loss));
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0.5, 0)]
    [InlineData(1, 4)]
    public void Each_stage_can_have_all_steps_or_none(double alignment, int window)
    {
        using var training = new LinearisedTraining(alignment: alignment, window: window, dropout: 0);
        training.Run(TrainingPosition.Start);
        Assert.Equal((int)(10 * alignment), training.Steps.Count(step => step.LayerLosses is not null));
        Assert.Equal(10, training.Steps.Count);
    }

    private static string[] Hashes(LinearisedTraining training) =>
        [.. training.Model.InheritedParameters.Select(parameter => Convert.ToHexString(SHA256.HashData(parameter.Value.detach().bytes.ToArray())))];
}
