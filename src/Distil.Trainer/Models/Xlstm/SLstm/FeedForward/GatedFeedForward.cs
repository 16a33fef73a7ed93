using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>The feed-forward half of an sLSTM block: down(act(gate) · up), gate and up the two halves of one projection of the norm.</summary>
internal sealed class GatedFeedForward(Tensor norm, Tensor up, Tensor down, string activation)
{
    private readonly Func<Tensor, Tensor> _activation = Activations.Of(activation);

    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="arithmetic">Element type of the result.</param>
    /// <returns>What comes onto the stream, (B, S, D).</returns>
    internal Tensor Forward(Tensor x, ScalarType arithmetic)
    {
        using var scope = NewDisposeScope();
        var gated = CudaGatedUp.Serves(x, up, activation, arithmetic) ? CudaGatedUp.Forward(x, norm, up) : PlainUp(x, norm, up, _activation, arithmetic);
        return linear(gated, down.to(arithmetic)).MoveToOuterDisposeScope();
    }

    /// <param name="x">float32, (B, S, D).</param>
    /// <param name="norm">Its norm's weight, (D).</param>
    /// <param name="up">float32, (2·F, D): gate, then up.</param>
    /// <param name="activation">Of the gate.</param>
    /// <param name="result">Element type of the result; nothing before it is rounded.</param>
    /// <returns>(B, S, F).</returns>
    internal static Tensor PlainUp(Tensor x, Tensor norm, Tensor up, Func<Tensor, Tensor> activation, ScalarType result)
    {
        using var scope = NewDisposeScope();
        var halves = linear(Norms.Plain(x, norm, ScalarType.Float32), up).chunk(2, -1);            // (B, S, F) each
        return (activation(halves[0]) * halves[1]).to(result).MoveToOuterDisposeScope();
    }
}
