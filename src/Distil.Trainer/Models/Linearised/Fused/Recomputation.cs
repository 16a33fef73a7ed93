using Distil.Core.Models;
using Distil.Trainer.Kernels;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>How many layers recompute their forward pass in the backward pass, because what they would keep does not fit in the card's memory.</summary>
internal sealed class Recomputation(LinearisedShape shape)
{
    /// <summary>Share of the card's free memory that activations may take: the head's logits, gradients and fragments need the rest.</summary>
    private const double Usable = 0.8;

    private long? _budget; // read at the first step, when weights and optimiser are in memory and activations are not: torch keeps what it has freed

    /// <summary>The number of layers for a micro-batch.</summary>
    /// <param name="positions">B·S.</param>
    internal int Layers(long positions) => Layers(BytesOfLayer(positions), _budget ??= Budget(), shape.Transformer.Layers);

    /// <summary>The fewest layers that must recompute.</summary>
    /// <param name="bytes">What a layer keeps.</param>
    /// <param name="budget">Bytes for all.</param>
    /// <param name="layers">Number of layers.</param>
    internal static int Layers(long bytes, long budget, int layers) => (int)Math.Clamp(layers - budget / Math.Max(1, bytes), 0, layers);

    private long Budget()
    {
        var weights = LinearisedParameters.Of(shape);
        var free = CudaRuntime.Card.MemoryFree() - (4 * weights.Total) - (2 * (weights.Body + weights.New)); // gradients; the layers' weights in bfloat16
        return (long)(Usable * Math.Max(0, free));
    }

    /// <summary>Bytes that a layer keeps for its backward pass.</summary>
    internal long BytesOfLayer(long positions)
    {
        var config = shape.Transformer;
        long width = config.HiddenSize, heads = (long)config.Heads * config.HeadSize, shared = (long)config.KeyValueHeads * config.HeadSize;
        var stream = (2 * sizeof(float) + 2 * 2) * width;                                         // x and sum, both normed
        var projections = 2 * (heads + 2 * shared) + (shape.OutputGate ? 2 * heads : 0);
        var features = 2 * 2 * (long)config.Heads * shape.FeatureSize;
        var states = 2 * (long)config.Heads * shape.FeatureSize * (config.HeadSize + 8) / MixerSizes.Tile;
        var mixed = 2 * (2 * heads + 2 * shared) + (shape.Window > 0 ? 2 * heads : 0) + 2 * heads; // rotated, h of both branches, mixed
        return positions * (stream + projections + features + states + mixed + 2 * 2 * config.IntermediateSize);
    }
}
