using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>LayerNorm of the residual stream, for the passes that begin with it and after the last.</summary>
internal sealed class NormPass : IPass
{
    private readonly Tensor _x, _weight, _statistics;

    /// <param name="x">The stream, float32 (B, S, D).</param>
    /// <param name="weight">(D).</param>
    /// <param name="kept">Of the pass that it is part of.</param>
    internal NormPass(Tensor x, Tensor weight, KeptTensors kept)
    {
        (_weight, Kept) = (weight, kept);
        _x = kept.Keep(x.alias());
        (Output, _statistics) = CudaLayerNorm.Run(x, weight);
        kept.Keep(_statistics);
    }

    /// <value>bfloat16, (B, S, D).</value>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public KeptTensors Kept { get; }

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var gradients = CudaLayerNorm.Gradients(gradient, _x, _weight, _statistics);
        Gradients.Add(_weight, gradients[1]);
        return gradients[0];
    }
}
