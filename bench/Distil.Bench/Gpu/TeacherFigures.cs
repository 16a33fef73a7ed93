using System.Diagnostics;
using Distil.Core.Runs.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Jobs;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.TeacherOutputs;
using Distil.Trainer.Training.Rows;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>The teacher's forward pass, its sparse outputs (memory does not grow with the number of sequences), and storing them as a teach job does.</summary>
internal static class TeacherFigures
{
    internal static void Measure()
    {
        using var teacher = PaperTeacher.Create();
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var ids = randint(teacher.VocabularySize, [8, 512], ScalarType.Int64, CUDA);
        Figure.Measure("teacher forward", () => teacher.Forward(ids), 4096);
        foreach (var kept in new[] { 64, 128 })
        {
            var extractor = new TeacherExtractor(teacher, new()
            {
                Keep = new KeepSpec { MaxTokens = kept }, InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true, ChunkPositions = 1024,
            });
            Figure.Measure(kept == 64 ? "teacher forward + sparse outputs" : $"teacher forward + sparse outputs, to {kept} tokens", () => extractor.Extract(ids), 4096);
            Figure.Measure($"teacher forward + sparse outputs, to {kept} tokens, 100 batches later", () => extractor.Extract(ids), 4096, runs: 20, warmUp: 100);
        }
        Store(teacher);
    }

    private static void Store(TransformerModel teacher)
    {
        const int rows = 256, length = 512, batch = 8;
        var folder = Directory.CreateTempSubdirectory("distil-bench-").FullName;
        try
        {
            var tokens = Path.Combine(folder, "tokens.bin");
            using (var writer = new TokenRowsWriter(tokens, length, teacher.VocabularySize))
            {
                var random = new Random(1);
                for (var row = 0; row < rows; row++)
                    writer.WriteRow([.. Enumerable.Range(0, length).Select(_ => random.Next(teacher.VocabularySize))]);
                writer.Complete();
            }

            using var read = TokenRows.Open(tokens);
            var settings = new ExtractionSettings { InverseTemperatures = TemperatureNodes.Between(1, 2), MeanHidden = true };
            var seconds = Stopwatch.StartNew();
            using var outputs = new TeacherOutputsWriter(
                Path.Combine(folder, "outputs.bin"), TeacherOutputsHeader.For(settings, length, teacher.VocabularySize, teacher.HiddenSize));
            using var ahead = new Prefetch<TaughtRows>(TaughtRows.Of(read, new TeacherExtractor(teacher, settings), new KeptTokens(settings.Keep), batch, CUDA));
            foreach (var taught in ahead.Items())
            {
                outputs.Append(taught.Targets, taught.Lengths);
                taught.Dispose();
            }

            outputs.Complete();
            Figure.Say("teacher's outputs stored: pass, extraction, copy, encoding, file", new
            {
                ms = Math.Round(seconds.Elapsed.TotalMilliseconds / (rows / batch), 3), tokens_per_s = Math.Round(rows * length / seconds.Elapsed.TotalSeconds),
            });
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
