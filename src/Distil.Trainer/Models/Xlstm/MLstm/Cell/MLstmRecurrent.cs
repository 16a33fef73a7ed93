using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>mLSTM one position at a time, with a state of constant size (xLSTM, arXiv 2405.04517, eq. 19–27). For decoding.</summary>
internal static class MLstmRecurrent
{
    /// <param name="q">(B, NH, DH).</param>
    /// <param name="k">(B, NH, DH).</param>
    /// <param name="v">(B, NH, DH).</param>
    /// <param name="inputGate">Pre-activation, (B, NH).</param>
    /// <param name="forgetGate">Pre-activation, (B, NH).</param>
    /// <param name="state">The state before this position, which is advanced.</param>
    /// <param name="normaliser">What is divided by; null for the reference's.</param>
    /// <returns>h, (B, NH, DH).</returns>
    internal static Tensor Step(Tensor q, Tensor k, Tensor v, Tensor inputGate, Tensor forgetGate, MLstmState state, MLstmNormaliser? normaliser = null)
    {
        normaliser ??= MLstmNormaliser.Reference;
        using var scope = NewDisposeScope();
        var carried = logsigmoid(forgetGate) + state.Stabiliser;
        var max = maximum(carried, inputGate);                                                               // (B, NH)
        var keep = (carried - max).exp().unsqueeze(-1);                                                      // (B, NH, 1)
        var key = k * ((inputGate - max).exp() / normaliser.KeyDivisor(q.shape[2])).unsqueeze(-1);                       // (B, NH, DH)
        var matrix = state.Matrix * keep.unsqueeze(-1) + key.unsqueeze(-1) * v.unsqueeze(-2);                // (B, NH, DH, DH)
        var sum = state.Normaliser * keep + key;                                                             // (B, NH, DH)
        var retrieved = q.unsqueeze(-2).matmul(matrix).squeeze(-2);                                          // (B, NH, DH)
        var norm = normaliser.Of((q * sum).sum(-1, keepdim: true), max.unsqueeze(-1));
        state.Advance(matrix, sum, max);
        return (retrieved / norm).MoveToOuterDisposeScope();
    }
}
