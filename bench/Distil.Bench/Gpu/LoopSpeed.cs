using System.Diagnostics;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Steps;
using Distil.Trainer.Training.Targets;

namespace Distil.Bench.Gpu;

/// <summary>The speed of the training loop over some time, as a training job runs it.</summary>
internal static class LoopSpeed
{
    private const int WarmUp = 20; // the first steps compile and allocate

    /// <param name="student">The student to train.</param>
    /// <param name="rows">The rows, which are read repeatedly.</param>
    /// <param name="teaching">The loss and the targets.</param>
    /// <param name="batchRows">Number of rows in a step.</param>
    /// <param name="seconds">Duration after the first steps.</param>
    /// <param name="busy">Name under which the GPU's busy share during that time is printed; null to print none.</param>
    /// <returns>Steps a second.</returns>
    internal static double Measure(
        PaperStudent student, ITrainingRows rows, (DeltaDistillation Loss, ITargetSource Targets) teaching, int batchRows, double seconds, string? busy = null)
    {
        long steps = 0;
        var watch = new Stopwatch();
        using var end = new CancellationTokenSource();
        BusyShare? share = null;
        var order = new RowOrder(1, rows.RowsOfShards, batchRows, 1);
        var loop = new TrainingLoop(
            student.Model, student.Optimizer, new LearningRateSchedule(1e-5, 1, 1_000_000), rows, order, teaching,
            new TrainingLoopOptions { Seed = 1, TotalSteps = 1_000_000, CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 10 },
            TimeProvider.System, _ => Count());
        try
        {
            for (var epoch = 0; ; epoch++)
            {
                _ = loop.RunEpoch(epoch, new(epoch, 0, epoch * order.StepsPerEpoch), end.Token).Last();
            }
        }
        catch (OperationCanceledException)
        {
            return (steps - WarmUp) / watch.Elapsed.TotalSeconds;
        }
        finally
        {
            share?.Dispose();
        }

        void Count()
        {
            if (end.IsCancellationRequested)
            {
                return;
            }
            steps++;
            if (steps == WarmUp)
            {
                watch.Start();
                share = busy is null ? null : new();
            }
            else if (watch.Elapsed.TotalSeconds > seconds)
            {
                watch.Stop();
                share?.End(busy!);
                end.Cancel();
            }
        }
    }
}
