using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>mLSTM over a whole sequence at once (xLSTM, arXiv 2405.04517, eq. 19–27): work and memory grow with S². For short sequences.</summary>
internal static class MLstmParallel
{
    /// <value>Added to the normaliser, as in the reference.</value>
    internal const double Epsilon = 1e-6;

    /// <param name="q">(B, NH, S, DH).</param>
    /// <param name="k">(B, NH, S, DH).</param>
    /// <param name="v">(B, NH, S, DH).</param>
    /// <param name="inputGate">Pre-activation, (B, NH, S).</param>
    /// <param name="forgetGate">Pre-activation, (B, NH, S).</param>
    /// <param name="normaliser">What is divided by; null for the reference's. With another, keys and values may have different sizes.</param>
    /// <returns>h, (B, NH, S, DH).</returns>
    internal static Tensor Forward(Tensor q, Tensor k, Tensor v, Tensor inputGate, Tensor forgetGate, MLstmNormaliser? normaliser = null)
    {
        normaliser ??= MLstmNormaliser.Reference;
        using var scope = NewDisposeScope();
        var logForget = logsigmoid(forgetGate).cumsum(-1);                                                   // (B, NH, S)
        var logDecay = logForget.unsqueeze(-1) + (inputGate - logForget).unsqueeze(-2);                      // (B, NH, S, S): t, s
        logDecay = logDecay.masked_fill(FutureMask(q.shape[2], q.device), double.NegativeInfinity);
        var max = logDecay.amax([-1], keepdim: true).detach();                                               // (B, NH, S, 1), the stabiliser
        var scores = q.matmul(normaliser.Scale(k).transpose(-2, -1)) * (logDecay - max).exp();
        var norm = normaliser.Of(scores.sum(-1, keepdim: true), max);                                        // (B, NH, S, 1)
        return (scores.matmul(v) / norm).MoveToOuterDisposeScope();                                          // (B, NH, S, DH)
    }

    /// <summary>True if position s is after position t, (S, S).</summary>
    internal static Tensor FutureMask(long length, Device device)
    {
        using var scope = NewDisposeScope();
        return ones([length, length], ScalarType.Bool, device).triu(1).MoveToOuterDisposeScope();
    }
}
