using Distil.Core.Specification;
using Distil.Trainer.TeacherOutputs;
using static TorchSharp.torch;

namespace Distil.Bench.Gpu;

/// <summary>The teacher's forward pass and its sparse outputs (memory does not grow with the number of sequences).</summary>
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
            Figure.Measure(
                kept == 64 ? "teacher forward + sparse outputs" : $"teacher forward + sparse outputs, to {kept} tokens", () => extractor.Extract(ids), 4096);
            Figure.Measure($"teacher forward + sparse outputs, to {kept} tokens, 100 batches later", () => extractor.Extract(ids), 4096, runs: 20, warmUp: 100);
        }
    }
}
