using Distil.Core.Models;
using Distil.Trainer.Kernels;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>How many layers recompute their forward pass in the backward pass, because what they would keep does not fit in the card's memory.</summary>
internal sealed class Recomputation(LinearisedShape shape)
{
    /// <summary>Share of the card's free memory that activations may take: the head's logits, gradients and fragments need the rest.</summary>
    private const double Usable = 0.8;

    private readonly Dictionary<long, int> _layers = [];

    /// <summary>The number of layers for a micro-batch, decided at its first step, when weights and optimiser are in memory and activations are not.</summary>
    /// <param name="positions">B·S.</param>
    internal int Layers(long positions)
    {
        if (!_layers.TryGetValue(positions, out var layers))
        {
            var free = CudaRuntime.Card.MemoryFree() - 4 * LinearisedParameters.Of(shape).Inherited;   // gradients
            _layers[positions] = layers = Layers(BytesOfLayer(positions), (long)(Usable * Math.Max(0, free)), shape.Transformer.Layers);
        }

        return layers;
    }

    /// <summary>The fewest layers that must recompute.</summary>
    /// <param name="bytes">What a layer keeps.</param>
    /// <param name="budget">Bytes for all.</param>
    /// <param name="layers">Number of layers.</param>
    internal static int Layers(long bytes, long budget, int layers) => (int)Math.Clamp(layers - budget / Math.Max(1, bytes), 0, layers);

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
