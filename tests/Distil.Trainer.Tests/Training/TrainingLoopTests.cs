using Distil.Core.Documents;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Checkpoints;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Training;

[Collection(AloneCollection.Name)]
public sealed class TrainingLoopTests
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Interrupted_after_any_step_and_resumed_gives_the_same_bytes(bool withTeacher)
    {
        using var whole = new TinyTraining(withTeacher);
        whole.Run(TrainingPosition.Start);
        Assert.Equal(10, whole.Steps.Count);

        for (var interruptAfter = 1; interruptAfter < 10; interruptAfter++)
        {
            using var folder = new TemporaryFolder();
            using var first = new TinyTraining(withTeacher);
            first.AfterStep = step => CancelAt(first, step.GlobalStep + 1 == interruptAfter);
            Assert.Throws<OperationCanceledException>(() => first.Run(TrainingPosition.Start, folder.Path));

            using var second = new TinyTraining(withTeacher);
            var last = first.Checkpoints[^1];
            Assert.Equal(interruptAfter, last.GlobalStep);
            var state = CheckpointFolder.Load(folder[$"epoch-{last.Epoch}/step-{last.Step:000000}"], "tiny", second.Optimizer);
            second.Run(state.Position);

            Assert.Equal(whole.Model.Bytes(), second.Model.Bytes());
            Assert.Equal(whole.Steps.Select(Timeless), first.Steps.Concat(second.Steps).Select(Timeless));
        }
    }

    [Fact]
    public void Killed_without_a_word_goes_on_from_the_last_checkpoint_to_the_same_bytes()
    {
        using var whole = new TinyTraining();
        whole.Run(TrainingPosition.Start);

        using var folder = new TemporaryFolder();
        using var killed = new TinyTraining();
        killed.AfterStep = step => ThrowAt(step.GlobalStep == 8);
        Assert.Throws<IOException>(() => killed.Run(TrainingPosition.Start, folder.Path));

        using var resumed = new TinyTraining();
        resumed.Run(CheckpointFolder.Load(folder["epoch-1/step-000002"], "tiny", resumed.Optimizer).Position);
        Assert.Equal(whole.Model.Bytes(), resumed.Model.Bytes());
    }

    [Fact]
    public void Asks_for_checkpoints_at_every_interval_and_at_each_epochs_end()
    {
        using var training = new TinyTraining();
        training.Run(TrainingPosition.Start);
        Assert.Equal([(0, 2L, 2L), (0, 4L, 4L), (0, 5L, 5L), (1, 2L, 7L), (1, 4L, 9L), (1, 5L, 10L)], training.Checkpoints.Select(
            at => (at.Epoch, at.Step, at.GlobalStep)));
    }

    [Fact]
    public void Reading_the_numbers_of_several_steps_at_once_changes_none_of_them()
    {
        using var each = new TinyTraining();
        using var several = new TinyTraining(metricsEvery: 3);
        each.Run(TrainingPosition.Start);
        several.Run(TrainingPosition.Start);
        Assert.Equal(each.Steps.Select(Timeless), several.Steps.Select(Timeless));
    }

    [Fact]
    public void Follows_the_schedules_of_loss_and_learning_rate()
    {
        using var training = new TinyTraining();
        training.Run(TrainingPosition.Start);
        var (first, second) = (training.Steps[0], training.Steps[5]);
        Assert.Equal((0.8, 2.0, 0.1), (first.Alpha, first.Temperature, first.Beta));
        Assert.Equal(0.75, second.Alpha!.Value, 12);
        Assert.Equal(1.95, second.Temperature!.Value, 12);
        Assert.All(training.Steps, step => Assert.Equal(
            (1 - step.Alpha - step.Beta) * step.CrossEntropy + step.Alpha * step.Temperature * step.Temperature * step.Kl + step.Beta * step.Alignment,
            step.Loss, Near));
    }

    [Fact]
    public void Learns()
    {
        using var training = new TinyTraining(withTeacher: false, learningRate: 0.05, epochs: 20);
        training.Run(TrainingPosition.Start, epochs: 20);
        Assert.True(
            training.Steps[^1].CrossEntropy < 0.7 * training.Steps[0].CrossEntropy, $"{training.Steps[0].CrossEntropy} → {training.Steps[^1].CrossEntropy}");
    }

    [Fact]
    public void A_loss_that_is_not_finite_stops_with_its_step_and_saves_nothing()
    {
        using var training = new TinyTraining(metricsEvery: 10);
        using (no_grad())
        {
            training.Model.TrainableParameters[0].Value.fill_(float.NaN);
        }
        var error = Assert.Throws<NonFiniteTrainingException>(() => training.Run(TrainingPosition.Start));
        Assert.Equal(0, error.Step);
        Assert.Equal(1e-2, error.LearningRate, 12);
        Assert.Contains("at step 0 the loss is NaN (learning rate 0.01", error.Message);
        Assert.Contains("no weight has been changed yet", error.Message);
        Assert.Contains("a lower learning rate may help", new NonFiniteTrainingException(1, double.NaN, 1, 1).Message);
        Assert.Empty(training.Checkpoints);
    }

    [Fact]
    public void An_error_of_the_row_source_comes_out_of_the_loop()
    {
        var rows = new TinyRows([19, 8]) { BeforeRead = part => ThrowAt(part.Shard == 1) };
        using var training = new TinyTraining(rows: rows);
        Assert.Equal("power cut", Assert.Throws<IOException>(() => training.Run(TrainingPosition.Start)).Message);
    }

    [Fact]
    public void A_hundred_steps_leave_no_tensor_behind()
    {
        const int Epochs = 20;
        var tensors = new List<long>();
        using var training = new TinyTraining(metricsEvery: 5, epochs: Epochs);
        training.AfterStep = _ =>
        {
            if (training.Steps.Count % 10 == 0)
            {
                GC.Collect();
                GC.WaitForPendingFinalizers();
                tensors.Add(Tensor.TotalCount);
            }
        };

        training.Run(TrainingPosition.Start, epochs: Epochs);

        Assert.Equal(10, tensors.Count);
        Assert.All(tensors, count => Assert.Equal(tensors[0], count));
    }

    private static void CancelAt(TinyTraining training, bool now)
    {
        if (now)
        {
            training.Cancel.Cancel();
        }
    }

    private static void ThrowAt(bool now)
    {
        if (now)
        {
            throw new IOException("power cut");
        }
    }

    private static StepMetrics Timeless(StepMetrics step) => step with { TokensPerSecond = 0 };

    private static bool Near(double? a, double? b) => Math.Abs(a!.Value - b!.Value) < 1e-6;
}
