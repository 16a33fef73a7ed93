using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>x + FFN(norm(x)): the second half of an sLSTM block.</summary>
internal sealed class FusedFeedForward : IFusedBlock
{
    private readonly Tensor _x, _norm, _up, _down, _downUsed, _halves, _gated, _normed, _statistics;

    /// <param name="weights">Of the block.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal FusedFeedForward(BlockWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        (_norm, _up, _down) = (weights["ffn_norm.weight"], weights["ffn.proj_up.weight"], weights["ffn.proj_down.weight"]);
        _x = Kept.Keep(x.alias());
        _halves = Kept.Keep(empty([.. x.shape[..^1], _up.size(0)], ScalarType.BFloat16, x.device));                // (B, S, 2·F)
        (_gated, _normed, _statistics) = CudaGatedUp.Run(x, _norm, _up, _halves);
        Kept.Keep(_gated, _normed, _statistics);
        _downUsed = Kept.Keep(_down.to(ScalarType.BFloat16));
        Output = (x + linear(_gated, _downUsed)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Kept { get; } = new();

    /// <inheritdoc/>
    public Tensor Back(Tensor gradient)
    {
        var dGated = WeightGradients.Linear(_down, _downUsed, _gated, gradient);
        var ofUp = CudaGatedUp.Gradients(dGated, _x, _norm, _up, _halves, _normed, _statistics);
        WeightGradients.Add(_norm, ofUp[1]);
        WeightGradients.Add(_up, ofUp[2]);
        return ofUp[0].add_(gradient);
    }
}
