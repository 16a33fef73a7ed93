using static TorchSharp.torch;

namespace Distil.Trainer.TeacherOutputs;

/// <summary>Tokens drawn from the tail, and the weights with which sums over them estimate sums over the whole tail without bias.</summary>
/// <remarks>
/// m draws with probabilities π ∝ p^x (Sparse Logit Sampling, arXiv 2503.16870), where x is the middle of the range of 1/T: at both ends of the schedule the
/// ratio of the wanted probabilities p^(1/T) to π then varies as little as it can. A token that is drawn n times has the weight n/(m·π). Sampling is systematic: the
/// draws are equally spaced in the cumulated probabilities, behind one offset for each position, so that n is within 1 of m·π.
/// </remarks>
internal static class TailDraws
{
    /// <summary>x, the exponent of the probabilities with which tokens are drawn.</summary>
    /// <param name="inverseTemperatures">The nodes, ascending.</param>
    internal static double Exponent(IReadOnlyList<double> inverseTemperatures) => (inverseTemperatures[0] + inverseTemperatures[^1]) / 2;

    /// <summary>Draws from the tails of n positions.</summary>
    /// <param name="logits">(n, V) float32; overwritten.</param>
    /// <param name="found">The kept tokens and the tail's sums of these positions, as in <see cref="Nucleus.Select"/>.</param>
    /// <param name="inverseTemperatures">The nodes, ascending.</param>
    /// <param name="drawn">Receives the draws, (n, m) each: different tokens first, then unused slots, as in <see cref="TeacherTargets"/>.</param>
    /// <param name="offsets">Offset of each position, (n, 1), 0–1; null for those that follow from the positions.</param>
    internal static void Draw(
        Tensor logits, (Tensor TokenIds, Tensor LogProbabilities, Tensor TailLogSumExp) found, IReadOnlyList<double> inverseTemperatures,
        (Tensor TokenIds, Tensor LogProbabilities, Tensor Counts) drawn, Tensor? offsets = null)
    {
        using var scope = NewDisposeScope();
        var (draws, last) = (drawn.Counts.shape[1], logits.shape[1] - 1);
        var logProbabilities = logits.sub_(logits.logsumexp(-1, keepdim: true));                                  // (n, V)
        var cumulated = logProbabilities.scatter(-1, found.TokenIds, full_like(found.LogProbabilities, double.NegativeInfinity))
            .mul_(Exponent(inverseTemperatures)).softmax(-1).cumsum(-1);                                          // (n, V), of π; flat at kept tokens
        var total = cumulated.narrow(-1, last, 1);                                                                // (n, 1), 1 up to rounding
        var places = (arange(draws, ScalarType.Float32, logits.device) + (offsets ?? Offsets(found.TailLogSumExp))) / draws;   // (n, m), rising
        var tokens = searchsorted(cumulated, minimum(places * total, total * (1 - 1e-6)).contiguous(), right: true).clamp_max_(last);

        // A token that is drawn several times has neighbouring places.
        var isNew = cat([ones_like(tokens.narrow(-1, 0, 1)), tokens.narrow(-1, 1, draws - 1).ne(tokens.narrow(-1, 0, draws - 1)).to(ScalarType.Int64)], -1);
        var slots = isNew.cumsum(-1).sub_(1);                                                                     // (n, m)
        var none = found.TailLogSumExp.narrow(-1, 0, 1).isneginf();                                               // (n, 1): all tokens are kept
        var counts = zeros_like(drawn.Counts).scatter_add_(-1, slots, ones_like(drawn.Counts)).masked_fill_(none, 0);
        var unused = counts.eq(0);
        var ids = where(unused, found.TokenIds.narrow(-1, 0, 1), zeros_like(tokens).scatter_(-1, slots, tokens));
        drawn.TokenIds.copy_(ids);
        drawn.LogProbabilities.copy_(logProbabilities.gather(-1, ids).masked_fill_(unused, double.NegativeInfinity));
        drawn.Counts.copy_(counts);
    }

    /// <summary>The weight n/(m·π) of each draw.</summary>
    /// <param name="counts">n, (N, m) float32; 0 for an unused slot.</param>
    /// <param name="logProbabilities">log p at T = 1, (N, m); −inf for an unused slot.</param>
    /// <param name="tailLogSum">log Σ exp(x·log p) over the tail for x of <see cref="Exponent"/>, (N); −inf without a tail.</param>
    /// <param name="exponent">x.</param>
    /// <returns>(N, m) float32; 0 for an unused slot.</returns>
    internal static Tensor Weights(Tensor counts, Tensor logProbabilities, Tensor tailLogSum, double exponent)
    {
        var logChance = logProbabilities * exponent - tailLogSum.unsqueeze(-1);                                   // log π
        return counts / counts.shape[1] * logChance.masked_fill(counts.eq(0), 0).neg().exp();
    }

    /// <summary>A number from 0 to 1 for each position, (n, 1), that is as good as random.</summary>
    /// <remarks>It follows from the position's tail alone: the draws depend neither on the other positions of a batch nor on their order.</remarks>
    private static Tensor Offsets(Tensor tailLogSumExp)
    {
        const double periods = 128; // a tail's sums differ by several nats from one position to the next
        var spread = tailLogSumExp.to(ScalarType.Float64).sum(-1, keepdim: true) * periods;
        return (spread - spread.floor()).to(ScalarType.Float32);
    }
}
