using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>x + FFN(norm(x)): the second half of an sLSTM block.</summary>
internal sealed class FusedFeedForward : IFusedBlock
{
    private readonly FeedForwardWeights _weights;
    private readonly Tensor _down, _gated;
    private readonly CudaGatedUp.Saved _up;

    /// <param name="weights">Weights of the layer.</param>
    /// <param name="x">float32 (B, S, D).</param>
    internal FusedFeedForward(FeedForwardWeights weights, Tensor x)
    {
        using var scope = NewDisposeScope();
        _weights = weights;
        (_gated, _up) = CudaGatedUp.Instance.RunSaving(new(x, weights.Norm, weights.Up));
        _down = weights.Down.to(ScalarType.BFloat16);
        Saved.Keep(_gated, _up.Norm.X, _up.Norm.Statistics, _up.Normed, _up.Halves, _down);
        Output = (x + linear(_gated, _down)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public Tensor Output { get; }

    /// <inheritdoc/>
    public SavedTensors Saved { get; } = new();

    /// <inheritdoc/>
    public Tensor Backward(Tensor gradient)
    {
        var up = CudaGatedUp.Instance.Gradients(_up, WeightGradients.Linear(_weights.Down, _down, _gated, gradient));
        WeightGradients.Add(_weights.Norm, up.Norm);
        WeightGradients.Add(_weights.Up, up.Up);
        return up.X.add_(gradient);
    }
}
