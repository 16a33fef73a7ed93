using System.Text.Json;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Distillation;

/// <summary>The golden numbers of the Δ-distillation loss: 2 sequences of 11 tokens, 23 in the vocabulary, width 16, 3 student blocks, 6 teacher
/// layers.</summary>
internal static class DeltaLossCase
{
    private static readonly string Folder = Path.Combine(AppContext.BaseDirectory, "Golden", "delta-loss");
    private static readonly SafetensorsFile File = SafetensorsFile.Open(Path.Combine(Folder, "case.safetensors"));

    internal static readonly JsonElement Expected =
        JsonDocument.Parse(System.IO.File.ReadAllText(Path.Combine(Folder, "expected.json"))).RootElement;

    internal static Tensor Read(string name) => File.Read(name);

    internal static Tensor[] StudentBlocks() => [.. Enumerable.Range(0, 3).Select(i => Read($"student_hidden.{i}"))];

    internal static Tensor[] TeacherLayers() => [.. Enumerable.Range(0, 6).Select(i => Read($"teacher_hidden.{i}"))];

    internal static Tensor TeacherMean() => stack(TeacherLayers(), 0).mean([0L]);
}
