using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Passes;

/// <summary>x + FFN(norm(x)).</summary>
internal sealed class FeedForwardPass : IPass
{
    private readonly BlockWeights _weights;
    private readonly NormPass _norm;
    private readonly Tensor _normed, _up, _down, _halves, _gated;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal FeedForwardPass(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _weights = weights;
        _norm = new(x, weights["ffn_norm.weight"], Kept);
        _normed = Kept.Keep(_norm.Output);
        _up = Kept.Keep(weights["ffn.proj_up.weight"].to(ScalarType.BFloat16));
        _down = Kept.Keep(weights["ffn.proj_down.weight"].to(ScalarType.BFloat16));
        _halves = Kept.Keep(linear(_normed, _up));                                                       // (B, S, 2·F)
        _gated = Kept.Keep(CudaGatedGelu.Run(_halves));                                                  // (B, S, F)
        Output = (x + linear(_gated, _down)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public KeptTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var width = gradient.shape[^1];
        var dGated = Gradients.Linear(_weights["ffn.proj_down.weight"], _down, _gated.flatten(0, 1), gradient.to(ScalarType.BFloat16).view(-1, width));
        var dHalves = CudaGatedGelu.Gradient(dGated, _halves).flatten(0, 1);
        return _norm.Back(Gradients.Linear(_weights["ffn.proj_up.weight"], _up, _normed.flatten(0, 1), dHalves)).add_(gradient);
    }
}
