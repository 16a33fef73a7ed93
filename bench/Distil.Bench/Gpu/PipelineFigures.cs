using System.Diagnostics;
using Distil.Core.Runs.Specification;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training;
using Distil.Trainer.Training.Profiling;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Schedules;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Training from stored teacher outputs for minutes, beside the same steps on a batch that is already on the GPU: what reading costs.</summary>
internal static class PipelineFigures
{
    private const int Rows = 8, Length = 512, StoredBatches = 24;

    internal static void Measure()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_SECONDS") ?? "120", System.Globalization.CultureInfo.InvariantCulture);
        var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
        using var student = new PaperStudent(Length);
        using var resident = PaperStudent.Batch(Rows, Length);
        try
        {
            Store(path);
            using var file = TeacherOutputsFile.Open(path);
            using var rows = new DeviceRows(new int[StoredBatches * Rows * Length], Length, CUDA);
            Figure.Say("stored teacher outputs", new { bytes_a_token = Math.Round(new FileInfo(path).Length / (double)(StoredBatches * Rows * Length)) });
            var without = StepsPerSecond(student, rows, new Resident(resident.Parts[0].Targets!), Math.Min(15, seconds));
            var with = StepsPerSecond(student, rows, new FromFile(file), seconds);
            Figure.Say("training loop, targets on the GPU already", new { tokens_per_s = Math.Round(without * Rows * Length) });
            Figure.Say($"training loop, stored targets read, decoded and copied, {seconds} s", new
            {
                tokens_per_s = Math.Round(with * Rows * Length), share_of_resident = Math.Round(with / without, 4),
            });
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>Outputs as a teacher's extraction gives them: up to 64 tokens, 5 nodes, mean hidden states.</summary>
    private static void Store(string path)
    {
        var settings = new ExtractionSettings
        {
            Keep = new KeepSpec { MaxTokens = 64 }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true,
        };
        using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(settings, Length, PaperStudent.Vocabulary, PaperStudent.Width));
        for (var batch = 0; batch < StoredBatches; batch++)
        {
            using var made = PaperStudent.Batch(Rows, Length);
            using var here = made.Parts[0].Targets!.Outputs.ForStorage();
            writer.Append(here);
        }

        writer.Complete();
    }

    private static double StepsPerSecond(PaperStudent student, DeviceRows rows, ITargetSource targets, double seconds)
    {
        long steps = 0, counted = 0;
        var watch = new Stopwatch();
        using var end = new CancellationTokenSource();
        var loop = new TrainingLoop(
            student.Model, student.Optimizer, new LearningRateSchedule(1e-5, 1, 1_000_000), rows, new RowOrder(1, rows.RowsOfShards, Rows, 1), (student.Distillation, targets),
            new TrainingLoopOptions { Seed = 1, TotalSteps = 1_000_000, CheckpointEverySteps = int.MaxValue, MetricsEverySteps = 10 }, TimeProvider.System,
            _ =>
            {
                // The first steps compile and allocate.
                if (++steps == 20)
                    watch.Start();
                counted += watch.IsRunning ? 1 : 0;
                if (watch.Elapsed.TotalSeconds > seconds)
                    end.Cancel();
            });
        try
        {
            for (var epoch = 0; ; epoch++)
                loop.RunEpoch(epoch, new(epoch, 0, epoch * (long)StoredBatches), _ => { }, end.Token);
        }
        catch (OperationCanceledException)
        {
            return counted / watch.Elapsed.TotalSeconds;
        }
    }

    private sealed class Resident(BatchTargets targets) : ITargetSource
    {
        public BatchTargets Read(MicroBatch rows, TokenBatch batch) => targets with
        {
            Outputs = targets.Outputs with
            {
                TokenIds = targets.Outputs.TokenIds.alias().DetachFromDisposeScope(), LogProbabilities = targets.Outputs.LogProbabilities.alias().DetachFromDisposeScope(),
                TailLogSumExp = targets.Outputs.TailLogSumExp.alias().DetachFromDisposeScope(), MeanHidden = targets.Outputs.MeanHidden!.alias().DetachFromDisposeScope(),
            },
        };
    }

    private sealed class FromFile(TeacherOutputsFile file) : ITargetSource
    {
        public BatchTargets Read(MicroBatch rows, TokenBatch batch)
        {
            using var scope = NewDisposeScope();
            var outputs = file.ReadRows(rows.Rows, CUDA);
            foreach (var part in new[] { outputs.TokenIds, outputs.LogProbabilities, outputs.TailLogSumExp, outputs.MeanHidden })
                part?.DetachFromDisposeScope();
            return new(outputs, Layers: null);
        }
    }
}
