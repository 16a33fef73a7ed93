using System.Diagnostics;
using Distil.Trainer.Datasets;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>Computing and storing the teacher's outputs as in a teach job, and each part of it alone.</summary>
internal static class StoreFigures
{
    internal const int Batch = 8;

    private const int Length = 512, Batches = 32;

    internal static readonly ExtractionSettings Settings = new() { InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };

    internal static void Measure()
    {
        using var teacher = PaperTeacher.Create();
        var folder = Directory.CreateTempSubdirectory("distil-bench-").FullName;
        try
        {
            using var read = Tokens(folder, teacher);
            var header = TeacherOutputsHeader.For(Settings, Length, teacher.VocabularySize, teacher.HiddenSize);
            Make(read, teacher, 20).Dispose(); // compiles, allocates
            var started = Stopwatch.GetTimestamp();
            using var taught = Make(read, teacher, Batches);
            Say("teacher's outputs made and copied to the host", started, Batches);
            Encoding(taught, header, Path.Combine(folder, "parts.bin"));
            Storing(read, teacher, header, Path.Combine(folder, "outputs.bin"));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>Runs the teacher over the first batches.</summary>
    /// <returns>The last batch.</returns>
    internal static TaughtRows Make(TokenRows read, TransformerModel teacher, int batches)
    {
        TaughtRows? last = null;
        foreach (var batch in TaughtRows.Of(read, new(teacher, Settings), Batch, CUDA).Take(batches))
        {
            last?.Dispose();
            last = batch;
        }

        return last!;
    }

    private static void Encoding(TaughtRows taught, TeacherOutputsHeader header, string path)
    {
        using var writer = new TeacherOutputsWriter(path, header);
        Figure.Say(
            "teacher's outputs encoded",
            new { ms = Math.Round(Stopwatches.Median(() => writer.Encoder.Encode(taught.Targets, taught.Lengths).Dispose()), 3), cores = Environment.ProcessorCount });
        using var encoded = writer.Encoder.Encode(taught.Targets, taught.Lengths);
        Figure.Say("teacher's outputs written to the file", new { ms = Math.Round(Stopwatches.Median(() => writer.Append(encoded), Batches), 3) });
        var started = Stopwatch.GetTimestamp();
        writer.Complete();
        Say($"the file completed, after {Batches + 4} batches", started, 1);
        Figure.Say(
            "stored teacher outputs, as in that file",
            new { bytes_a_token = new FileInfo(path).Length / ((Batches + 4) * Batch * Length), bytes = new FileInfo(path).Length });
    }

    private static void Storing(TokenRows read, TransformerModel teacher, TeacherOutputsHeader header, string path)
    {
        using var writer = new TeacherOutputsWriter(path, header);
        using var share = new BusyShare();
        var started = Stopwatch.GetTimestamp();
        TaughtRows.Store(read, new TeacherExtractor(teacher, Settings), writer, Batch, CUDA, _ => { });
        share.End("teaching and storing");
        writer.Complete();
        Say("teacher's outputs stored: pass, extraction, copy, encoding, file", started, (int)read.Rows / Batch);
    }

    /// <summary>A file of random tokens.</summary>
    internal static TokenRows Tokens(string folder, TransformerModel teacher)
    {
        var rows = Batch * int.Parse(Environment.GetEnvironmentVariable("STORE_BATCHES") ?? "700", System.Globalization.CultureInfo.InvariantCulture);
        var path = Path.Combine(folder, "tokens.bin");
        using (var writer = new TokenRowsWriter(path, Length, teacher.VocabularySize))
        {
            var random = new Random(1);
            for (var row = 0; row < rows; row++)
            {
                writer.WriteRow([.. Enumerable.Range(0, Length).Select(_ => random.Next(teacher.VocabularySize))]);
            }
            writer.Complete();
        }

        return TokenRows.Open(path);
    }

    private static void Say(string name, long started, int calls)
    {
        var ms = Stopwatch.GetElapsedTime(started).TotalMilliseconds / calls;
        Figure.Say(name, new { ms = Math.Round(ms, 3), tokens_per_s = calls == 1 ? 0 : Math.Round(Batch * Length / ms * 1e3) });
    }
}
