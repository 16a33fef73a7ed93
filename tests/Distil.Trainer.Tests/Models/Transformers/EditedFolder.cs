using System.Text.Json.Nodes;
using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using Distil.Trainer.Tests.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Tests.Models.Transformers;

/// <summary>A copy of a golden Transformer's folder whose weights and configuration a test edits.</summary>
internal sealed class EditedFolder : IDisposable
{
    private const string Golden = "Golden/qwen3-tiny";
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distil-tests-");

    internal EditedFolder()
    {
        using var weights = WeightFolder.Open(Golden);
        foreach (var name in weights.Stored.ByName.Keys)
        {
            using var value = weights.Read(name, ScalarType.Float32);
            Tensors[name] = ("F32", value.shape, value.bytes.ToArray());
        }
    }

    internal string Path => _folder.FullName;

    /// <value>The weights that are written, by name.</value>
    internal Dictionary<string, (string Dtype, long[] Shape, byte[] Data)> Tensors { get; } = [];

    public void Dispose() => _folder.Delete(recursive: true);

    /// <summary>Writes the folder.</summary>
    /// <param name="change">Changes the golden config.json; null leaves it.</param>
    internal void Write(Action<JsonObject>? change = null)
    {
        var config = JsonNode.Parse(File.ReadAllText(System.IO.Path.Combine(Golden, "config.json")))!.AsObject();
        change?.Invoke(config);
        File.WriteAllText(System.IO.Path.Combine(Path, "config.json"), config.ToJsonString());
        RawSafetensors.Write(
            System.IO.Path.Combine(Path, "model.safetensors"),
            Tensors.Select(tensor => (tensor.Key, tensor.Value.Dtype, tensor.Value.Shape, tensor.Value.Data)));
    }
}
