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
        var halves = linear(x, up).chunk(2, -1);                    // each (B, S, F)
        return linear(_activation(halves[0]) * halves[1], down).MoveToOuterDisposeScope();
    }
}
