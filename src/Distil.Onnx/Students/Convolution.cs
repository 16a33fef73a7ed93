using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>SiLU of a depthwise convolution over the last K positions.</summary>
internal static class Convolution
{
    private const string Tail = "conv";

    /// <summary>Adds a layer's convolution.</summary>
    /// <param name="text">The graph.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="x">(N, D).</param>
    /// <param name="taps">The weight of each position, the oldest first: (D) each.</param>
    /// <param name="bias">(D).</param>
    /// <param name="width">D.</param>
    /// <returns>(N, D).</returns>
    internal static Value Add(TextGraph text, int layer, Value x, IReadOnlyList<Value> taps, Value bias, long width)
    {
        var seen = text.Split(x, width); // (B, T, D)
        var older = taps.Count - 1;
        if (older > 0)
        {
            Size[] shape = [TextGraph.Batch, older, width];
            seen = Value.Concat(1, text.State($"{layer}.{Tail}", ElementType.Float, shape), seen); // (B, K − 1 + T, D)
            text.NextState($"{layer}.{Tail}", seen.Slice(1, -older), ElementType.Float, shape);
        }

        var sum = bias;
        for (var tap = 0; tap <= older; tap++)
        {
            sum += seen.Slice(1, tap, tap == older ? long.MaxValue : tap - older) * taps[tap];
        }

        return sum.Silu().Reshape(-1, width);
    }
}
