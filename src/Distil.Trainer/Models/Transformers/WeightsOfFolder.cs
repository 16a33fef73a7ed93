using Distil.Core.Safetensors;
using Distil.Trainer.Safetensors;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Weights read from a Hugging Face folder.</summary>
internal sealed class WeightsOfFolder(WeightFolder folder, ScalarType dtype, Device device) : IWeightSource
{
    /// <inheritdoc />
    public Tensor Get(string name, StartValue start, params ReadOnlySpan<Dimension> shape)
    {
        var sizes = new long[shape.Length];
        for (var i = 0; i < sizes.Length; i++)
        {
            sizes[i] = shape[i].Size;
        }

        return folder.ReadExact(name, sizes, $"config.json ({Reasons(name, shape)})", dtype, device).DetachFromDisposeScope();
    }

    /// <summary>The fields that disagree with the file; all of them if the number of dimensions differs.</summary>
    private string Reasons(string name, ReadOnlySpan<Dimension> shape)
    {
        var found = folder.Entries.TryGetValue(name, out var entry) && entry.Shape.Count == shape.Length ? entry.Shape : null;
        var reasons = new List<string>();
        for (var i = 0; i < shape.Length; i++)
        {
            if (found is null || found[i] != shape[i].Size)
            {
                reasons.Add(shape[i].Field);
            }
        }

        return string.Join(", ", reasons);
    }
}
