using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using Distil.Trainer.Training.Targets;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Training from stored teacher outputs for minutes, compared with the same steps on a batch that is already on the GPU: the cost of
/// reading.</summary>
internal static class PipelineFigures
{
    private const int Rows = 8, Length = 512, StoredBatches = 24, EpochBatches = 1000;

    internal static void Measure()
    {
        var seconds = int.Parse(Environment.GetEnvironmentVariable("PIPELINE_SECONDS") ?? "125", System.Globalization.CultureInfo.InvariantCulture);
        var path = Path.Combine(Path.GetTempPath(), $"distil-bench-{Environment.ProcessId}.bin");
        using var student = new PaperStudent(Length);
        using var resident = PaperStudent.Batch(Rows, Length);
        try
        {
            Store(path);
            using var file = TeacherOutputsFile.Open(path);
            using var rows = new DeviceRows(new int[EpochBatches * Rows * Length], Length, CUDA);
            Figure.Say("stored teacher outputs", new { bytes_a_token = Math.Round(new FileInfo(path).Length / (double)(StoredBatches * Rows * Length)) });
            var without = LoopSpeed.Measure(student, rows, (student.Distillation, new Resident(resident.Parts[0].Targets!)), Rows, Math.Min(12, seconds));
            var with = LoopSpeed.Measure(
                student, rows, (student.Distillation, new FromFile(file)), Rows, seconds, $"training from stored targets, {seconds} s");
            Reading(file);
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

    /// <summary>Stores outputs like those of a teacher's extraction: up to 64 tokens, 5 nodes, mean hidden states.</summary>
    internal static void Store(string path)
    {
        using var writer = new TeacherOutputsWriter(path, TeacherOutputsHeader.For(PaperTeacher.Settings, Length, PaperStudent.Vocabulary, PaperStudent.Width));
        for (var batch = 0; batch < StoredBatches; batch++)
        {
            using var made = PaperStudent.Batch(Rows, Length);
            using var here = made.Parts[0].Targets!.Outputs.ForStorage();
            writer.Append(here);
        }

        writer.Complete();
    }

    /// <summary>Reading alone, to the host: the speed at which the processor decodes.</summary>
    private static void Reading(TeacherOutputsFile file)
    {
        long[] rows = [.. Enumerable.Range(0, Rows).Select(row => (long)row)];
        var ms = Stopwatches.Median(() => file.ReadRows(rows, CPU).Dispose());
        Figure.Say("stored targets read and decoded on the host", new { ms = Math.Round(ms, 3), tokens_per_s = Math.Round(Rows * Length / ms * 1e3) });
    }

    private sealed class Resident(BatchTargets targets) : ITargetSource
    {
        public TargetSizes Sizes { get; } = new((int)targets.Outputs.TokenIds.shape[1], targets.Outputs.InverseTemperatures.Count);

        public IReadOnlyList<BatchTargets> Read(MicroBatch rows, IReadOnlyList<TokenBatch> batches) => [Copy()];

        private BatchTargets Copy() => targets with
        {
            Outputs = targets.Outputs with
            {
                TokenIds = targets.Outputs.TokenIds.alias().DetachFromDisposeScope(),
                LogProbabilities = targets.Outputs.LogProbabilities.alias().DetachFromDisposeScope(),
                TailLogSumExp = targets.Outputs.TailLogSumExp.alias().DetachFromDisposeScope(),
                MeanHidden = targets.Outputs.MeanHidden!.alias().DetachFromDisposeScope(),
            },
        };
    }
}
