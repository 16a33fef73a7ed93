using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>mLSTM in chunks: the parallel form within a chunk, the recurrent form from chunk to chunk (TFLA, arXiv 2503.14376). Linear in S.</summary>
/// <remarks>Except for ε, h does not depend on the stabilisers, so they carry no gradient.</remarks>
internal static class MLstmChunkwise
{
    /// <inheritdoc cref="MLstmParallel.Forward"/>
    /// <param name="q">(B, NH, S, DH).</param>
    /// <param name="k">(B, NH, S, DH).</param>
    /// <param name="v">(B, NH, S, DH).</param>
    /// <param name="inputGate">Pre-activation, (B, NH, S).</param>
    /// <param name="forgetGate">Pre-activation, (B, NH, S).</param>
    /// <param name="chunk">L, positions in a chunk; the last may have fewer.</param>
    /// <param name="state">The state to start from, which is then set to the state at the end; null to start at the beginning and not return the end.</param>
    /// <param name="normaliser">What is divided by; null for the reference's.</param>
    internal static Tensor Forward(
        Tensor q, Tensor k, Tensor v, Tensor inputGate, Tensor forgetGate, int chunk, MLstmState? state = null, MLstmNormaliser? normaliser = null)
    {
        using var scope = NewDisposeScope();
        normaliser ??= MLstmNormaliser.Reference;
        var length = q.shape[2];
        var chunks = (length + chunk - 1) / chunk;
        var missing = chunks * chunk - length;
        if (missing > 0)
        {
            // Positions past the end write nothing (i = −∞) and forget nothing (f = +∞).
            (q, k, v) = (pad(q, [0, 0, 0, missing]), pad(k, [0, 0, 0, missing]), pad(v, [0, 0, 0, missing]));
            inputGate = pad(inputGate, [0, missing], PaddingModes.Constant, -1e30);
            forgetGate = pad(forgetGate, [0, missing], PaddingModes.Constant, 1e30);
        }

        (q, k, v) = (Chunked(q, chunks), Chunked(normaliser.Scale(k), chunks), Chunked(v, chunks));          // (B, NH, N, L, DH)
        var input = inputGate.unflatten(2, [chunks, chunk]);                                                 // (B, NH, N, L)
        var forgotten = logsigmoid(forgetGate).unflatten(2, [chunks, chunk]).cumsum(-1);                     // (B, NH, N, L), since the chunk began
        var source = input - forgotten;                                                                      // log weight of s, before forgetting
        var (before, last) = Carry(k, v, source, forgotten, state, normaliser.StartStabiliser);

        var logDecay = (forgotten.unsqueeze(-1) + source.unsqueeze(-2))
            .masked_fill(MLstmParallel.FutureMask(chunk, q.device), double.NegativeInfinity);                // (B, NH, N, L, L): t, s
        var logCarried = forgotten + before.Stabiliser.unsqueeze(-1);                                        // (B, NH, N, L)
        var max = maximum(logDecay.amax([-1]), logCarried).detach();                                         // (B, NH, N, L)
        var scores = q.matmul(k.transpose(-2, -1)) * (logDecay - max.unsqueeze(-1)).exp();
        var carriedQuery = q * (logCarried - max).exp().unsqueeze(-1);
        var retrieved = scores.matmul(v) + carriedQuery.matmul(before.Matrix);                               // (B, NH, N, L, DH)
        var norm = normaliser.Of(scores.sum(-1) + carriedQuery.matmul(before.Normaliser.unsqueeze(-1)).squeeze(-1), max);
        if (state is not null)
        {
            state.Advance(last.Matrix, last.Normaliser, last.Stabiliser);
        }
        var h = (retrieved / norm.unsqueeze(-1)).flatten(2, 3);
        return (missing > 0 ? h.narrow(2, 0, length) : h).MoveToOuterDisposeScope();
    }

    private static Tensor Chunked(Tensor x, long chunks) => x.unflatten(2, [chunks, -1]);

    /// <summary>States before each chunk, stacked (B, NH, N, …), and the one after the last.</summary>
    private static (Carried Before, Carried Last) Carry(Tensor k, Tensor v, Tensor source, Tensor forgotten, MLstmState? state, double start)
    {
        var chunks = k.shape[2];
        var total = forgotten.select(-1, -1);                                                                // (B, NH, N)
        var log = source + total.unsqueeze(-1);                                                              // log weight of s at its chunk's end
        var peak = log.amax([-1]).detach();                                                                  // (B, NH, N)
        var keys = k * (log - peak.unsqueeze(-1)).exp().unsqueeze(-1);                                       // (B, NH, N, L, DH)
        var (written, sums) = (keys.transpose(-2, -1).matmul(v), keys.sum(-2));                              // (B, NH, N, DH, DH), (B, NH, N, DH)

        var now = state is null
            ? new Carried(zeros_like(written.select(2, 0)), zeros_like(sums.select(2, 0)), full_like(peak.select(2, 0), start))
            : new Carried(state.Matrix, state.Normaliser, state.Stabiliser);
        var (matrices, normalisers, stabilisers) = (new Tensor[chunks], new Tensor[chunks], new Tensor[chunks]);
        for (var n = 0; n < chunks; n++)
        {
            (matrices[n], normalisers[n], stabilisers[n]) = now;
            var carried = total.select(-1, n) + now.Stabiliser;                                              // (B, NH)
            var max = maximum(carried, peak.select(-1, n)).detach();
            var keep = (carried - max).exp().unsqueeze(-1);                                                  // (B, NH, 1)
            var write = (peak.select(-1, n) - max).exp().unsqueeze(-1);
            now = new(
                now.Matrix * keep.unsqueeze(-1) + written.select(2, n) * write.unsqueeze(-1), now.Normaliser * keep + sums.select(2, n) * write, max);
        }

        return (new(stack(matrices, 2), stack(normalisers, 2), stack(stabilisers, 2)), now);
    }

    private sealed record Carried(Tensor Matrix, Tensor Normaliser, Tensor Stabiliser);
}
