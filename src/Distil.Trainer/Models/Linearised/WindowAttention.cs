using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Linearised;

/// <summary>Softmax attention of each position over the W positions up to its own and over the first n of the text. O(S·W): queries in blocks, each over the
/// keys of its own block and the one before.</summary>
internal static class WindowAttention
{
    /// <summary>Smallest number of queries in a block: shorter windows would make products too small to be fast.</summary>
    private const long MinBlock = 32;

    /// <param name="q">The last S of T positions, rotated, (B, NH, S, DH).</param>
    /// <param name="recent">T successive positions, (B, NH, T, DH) each: those that the queries' windows cover.</param>
    /// <param name="sinks">The first positions of the text, (B, NH, n, DH) each, up to those of <paramref name="recent"/>.</param>
    /// <param name="first">Position of the first of <paramref name="recent"/> in the text.</param>
    /// <param name="window">W, ≥ 1.</param>
    /// <returns>(B, NH, S, DH).</returns>
    internal static Tensor Forward(Tensor q, (Tensor Keys, Tensor Values) recent, (Tensor Keys, Tensor Values) sinks, long first, long window)
    {
        using var scope = NewDisposeScope();
        var (total, length) = (recent.Keys.shape[2], q.shape[2]);
        if (length == total && window >= total)
        {
            return scaled_dot_product_attention(q, recent.Keys, recent.Values, is_casual: length > 1).MoveToOuterDisposeScope(); // the teacher's own
        }

        var block = Math.Min(Math.Max(window, MinBlock), total);
        var blocks = (total + block - 1) / block;
        var queries = pad(q, [0, 0, total - length, blocks * block - total]).unflatten(2, [blocks, block]);          // (B, NH, N, L, DH)
        var keys = Banded(recent.Keys, sinks.Keys, blocks, block);                                                   // (B, NH, N, n + 2L, DH)
        var values = Banded(recent.Values, sinks.Values, blocks, block);
        var hidden = Hidden(blocks, block, sinks.Keys.shape[2], first, window, q.device);                            // (N, L, n + 2L)
        var scores = queries.matmul(keys.transpose(-2, -1)).div(Math.Sqrt(q.shape[3])).masked_fill(hidden, double.NegativeInfinity);
        return scores.softmax(-1).matmul(values).flatten(2, 3).narrow(2, total - length, length).MoveToOuterDisposeScope();
    }

    /// <summary>One query that sees all given keys.</summary>
    /// <param name="q">(B, NH, 1, DH).</param>
    /// <param name="keys">(B, NH, T, DH), in any order.</param>
    /// <param name="values">(B, NH, T, DH).</param>
    internal static Tensor Single(Tensor q, Tensor keys, Tensor values)
    {
        using var scope = NewDisposeScope();
        return q.matmul(keys.transpose(-2, -1)).div(Math.Sqrt(q.shape[3])).softmax(-1).matmul(values).MoveToOuterDisposeScope();
    }

    /// <summary>For each block of queries: the sinks, the block before and the block itself.</summary>
    private static Tensor Banded(Tensor recent, Tensor sinks, long blocks, long block)
    {
        using var scope = NewDisposeScope();
        var padded = pad(recent, [0, 0, block, blocks * block - recent.shape[2]]);                                   // (B, NH, (N + 1)·L, DH)
        Tensor From(long start) => padded.narrow(2, start, blocks * block).unflatten(2, [blocks, block]);
        var everywhere = sinks.unsqueeze(2).expand(sinks.shape[0], sinks.shape[1], blocks, sinks.shape[2], sinks.shape[3]);
        return cat([everywhere, From(0), From(block)], 3).MoveToOuterDisposeScope();
    }

    /// <summary>Which keys a query does not see. A sink inside the window is seen there, so that nothing counts twice.</summary>
    private static Tensor Hidden(long blocks, long block, long sinks, long first, long window, Device device)
    {
        using var scope = NewDisposeScope();
        Tensor Range(long start, long count) => arange(start, start + count, ScalarType.Int64, device);
        var t = (Range(0, blocks).unsqueeze(-1) * block + Range(first, block)).unsqueeze(-1);                        // (N, L, 1)
        var s = (Range(-1, blocks).unsqueeze(-1) * block + Range(first, 2 * block)).unsqueeze(1);                    // (N, 1, 2L)
        var band = s.gt(t).logical_or(s.le(t - window)).logical_or(s.lt(first));                                     // (N, L, 2L)
        var early = Range(0, sinks).gt(t - window);                                                                  // (N, L, n)
        return cat([early, band], -1).MoveToOuterDisposeScope();
    }
}
