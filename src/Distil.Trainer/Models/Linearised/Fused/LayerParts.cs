using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>A layer's weights as its fused passes take them.</summary>
/// <param name="Layer">The inherited ones.</param>
/// <param name="New">The new ones; null if the layer keeps its attention.</param>
/// <param name="Sizes">Sizes of its mixer.</param>
internal sealed record LayerParts(TransformerLayer Layer, MixerWeights? New, MixerSizes Sizes)
{
    /// <summary>Queries, keys and values as one product.</summary>
    internal FusedLinear Projections() => new(Layer.Attention.Query, Layer.Attention.Key, Layer.Attention.Value);

    /// <summary>The gates as one product, without their biases, which the kernels add in float32; null without a memory.</summary>
    internal FusedLinear? Gates() => New is null ? null : New.OutputGate is { } gate
        ? new(new Linear(gate, null), new Linear(New.InputGate, null), new Linear(New.ForgetGate, null))
        : new(new Linear(New.InputGate, null), new Linear(New.ForgetGate, null));

    /// <value>The mixer's weights.</value>
    internal MixerParameters Weights => new(
        Layer.Attention.QueryNorm?.Weight, Layer.Attention.KeyNorm?.Weight, New?.QueryFeatures, New?.KeyFeatures, New?.InputBias, New?.ForgetBias, New?.OutputBias,
        New?.Mix, New?.MixBias);

    /// <summary>The mixer's inputs.</summary>
    internal MixerInputs Inputs(Tensor projected, Tensor? gates) => new(projected, gates, Weights);
}
