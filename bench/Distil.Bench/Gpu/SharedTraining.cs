using System.Diagnostics;
using Distil.Trainer.Ranks;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Training on several GPUs: one micro-batch a GPU and step, from stored outputs as in a train job.</summary>
internal static class SharedTraining
{
    private const int Length = 512, WarmUp = 20, LossSteps = 30, LossParts = 2;

    private static readonly List<double> OneGpu = [];

    /// <summary>Tokens a second of the paper's student.</summary>
    internal static double Speed(GpuShare share, int batchRows, int steps)
    {
        var (count, since, until) = (0, 0L, 0L);
        Train(share, batchRows, share.Ranks.Count, steps, step =>
        {
            count++;
            since = count == WarmUp ? Stopwatch.GetTimestamp() : since;
            until = Stopwatch.GetTimestamp();
        });
        return (steps - WarmUp) * (long)batchRows * share.Ranks.Count * Length / Stopwatch.GetElapsedTime(since, until).TotalSeconds;
    }

    /// <summary>The same steps of two micro-batches, on one GPU or on several.</summary>
    /// <returns>The last loss; the largest difference to one GPU's losses is printed.</returns>
    internal static double Losses(GpuShare share)
    {
        var losses = new List<double>();
        Train(share, batchRows: 8, LossParts, LossSteps, losses.Add);
        if (share.Ranks.Count == 1)
        {
            OneGpu.AddRange(losses);
            losses.Clear();
            Train(share, batchRows: 8, LossParts, LossSteps, losses.Add);
        }

        if (share.Ranks.Rank == 0)
        {
            double[] differences = [.. losses.Zip(OneGpu, (a, b) => Math.Abs(a / b - 1))];
            Figure.Say($"losses of {LossParts} micro-batches a step: {share.Ranks.Count} GPUs against one", new
            {
                steps = losses.Count, largest_difference = differences.Max(), differences = differences.Take(5).Append(differences[^1]), first = losses[0], last = losses[^1],
            });
        }

        return losses[^1];
    }

    /// <summary>Tokens a second of stage II of a linearised student of Qwen2.5-0.5B's shape, 8 × 2,048 a GPU.</summary>
    internal static double Linearised(GpuShare share)
    {
        const int rows = 8, length = 2048, steps = 30;
        using var student = new LinearisedStudent(LinearisedStudent.Small, length, window: 512);
        share.Ranks.ShareStart(student.Model.TrainableParameters.Select(parameter => parameter.Value));
        using var own = PaperStudent.Batch(rows, length);
        var batch = own with { Whole = RowCounts.OfFull(rows * share.Ranks.Count, length) };
        var (step, optimizer) = student.Distillation(share.Ranks);
        using (optimizer)
        {
            var since = 0L;
            for (var i = -5; i < steps; i++)
            {
                using var scope = NewDisposeScope();
                if (i == 0)
                {
                    cuda.synchronize();
                    since = Stopwatch.GetTimestamp();
                }

                step(batch);
            }

            cuda.synchronize();
            return (long)steps * rows * length * share.Ranks.Count / Stopwatch.GetElapsedTime(since).TotalSeconds;
        }
    }

    private static void Train(GpuShare share, int batchRows, int parts, int steps, Action<double> onLoss)
    {
        var path = Path.Combine(Path.GetTempPath(), $"distil-gpus-{Environment.ProcessId}.bin");
        cuda.manual_seed_all(1); // every process creates the same student
        using var student = new PaperStudent(Length, ranks: share.Ranks);
        share.Ranks.ShareStart(student.Model.TrainableParameters.Select(parameter => parameter.Value));
        cuda.manual_seed_all(2); // and stores the same outputs
        try
        {
            PipelineFigures.Store(path);
            using var file = TeacherOutputsFile.Open(path);
            var random = new Random(3);
            using var rows = new DeviceRows(
                [.. Enumerable.Range(0, steps * parts * batchRows * Length).Select(_ => random.Next(PaperStudent.Vocabulary))], Length, CUDA);
            var order = new RowOrder(1, rows.RowsOfShards, batchRows, parts);
            var loop = new TrainingLoop(
                student.Model, student.Optimizer, new LearningRateSchedule(2e-4, 1, 1_000_000), rows, order, (student.Distillation, new FromFile(file)),
                new TrainingLoopOptions
                {
                    Seed = 1, TotalSteps = steps, CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 10, Rank = share.Ranks.Rank, Ranks = share.Ranks.Count,
                },
                TimeProvider.System, step => onLoss(step.Loss));
            foreach (var _ in loop.RunEpoch(0, new(0, 0, 0), CancellationToken.None))
            {
                share.Ranks.ThrowIfLost();
            }
        }
        finally
        {
            File.Delete(path);
        }
    }
}
