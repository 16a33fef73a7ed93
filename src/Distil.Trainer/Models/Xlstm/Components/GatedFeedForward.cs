using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>The feed-forward half of an sLSTM block: down(act(gate) · up), gate and up the two halves of one projection.</summary>
internal sealed class GatedFeedForward(Tensor up, Tensor down, string activation)
{
    private readonly Func<Tensor, Tensor> _activation = Activations.Of(activation);

    /// <param name="x">(B, S, D).</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Forward(Tensor x)
    {
        using var scope = NewDisposeScope();
        var halves = linear(x, up.to(x.dtype));                     // (B, S, 2·F)
        var gated = CudaGatedGelu.Serves(halves, activation) ? CudaGatedGelu.Forward(halves) : Gate(halves, _activation);
        return linear(gated, down.to(x.dtype)).MoveToOuterDisposeScope();
    }

    /// <param name="halves">(B, S, 2·F): gate, then up.</param>
    /// <param name="activation">Of the gate.</param>
    /// <returns>(B, S, F).</returns>
    internal static Tensor Gate(Tensor halves, Func<Tensor, Tensor> activation)
    {
        using var scope = NewDisposeScope();
        var parts = halves.chunk(2, -1);
        return (activation(parts[0]) * parts[1]).MoveToOuterDisposeScope();
    }
}
