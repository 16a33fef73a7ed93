using Distil.Core.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Causal grouped-query attention (arXiv 2305.13245) with rotary positions, fused by torch.</summary>
internal sealed record Attention(TransformerConfig Config, Linear Query, Linear Key, Linear Value, Linear Output, RmsNorm? QueryNorm, RmsNorm? KeyNorm)
{
    /// <param name="x">(B, S, D).</param>
    /// <param name="positions">Rotary angles, mask and query factor of the S positions.</param>
    /// <param name="cache">Contains the earlier tokens and stores these; null at the start of a sequence that is not continued.</param>
    /// <param name="layer">This layer's index in the cache.</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, Positions positions, KeyValueCache? cache, int layer)
    {
        using var scope = NewDisposeScope();
        return Join(Attend(x, positions, cache, layer)).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Apply"/>, before the output projection.</summary>
    /// <returns>(B, NH, S, DH).</returns>
    internal Tensor Attend(Tensor x, Positions positions, KeyValueCache? cache, int layer)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Project(x);
        q = Rotate(q, positions.Angles);
        q = positions.QueryFactor is { } factor ? q * factor : q;
        k = Rotate(k, positions.AllAngles is null ? positions.Angles : null);
        if (cache is not null)
        {
            (k, v) = cache.Append(layer, k, v);                                  // (B, KVH, T, DH)
        }

        k = Rotate(k, positions.AllAngles);
        if (Config.Form.ScoreCap is { } cap)
        {
            return Capped(q, Repeat(k), Repeat(v), positions.Mask, cap).MoveToOuterDisposeScope();
        }

        q = Config.RelativeScoreScale is var relative and not 1 ? q * relative : q; // torch's own scale is 1/√DH
        var causal = positions.Mask is null && x.shape[1] > 1;
        return functional.scaled_dot_product_attention(q, Repeat(k), Repeat(v), attn_mask: positions.Mask, is_casual: causal).MoveToOuterDisposeScope();
    }

    /// <summary>Queries, keys and values before their rotation, normalised if the model does that.</summary>
    /// <returns>(B, NH, S, DH), and twice (B, KVH, S, DH).</returns>
    internal (Tensor Query, Tensor Key, Tensor Value) Project(Tensor x) => (
        Heads(Query.Apply(x), Config.Heads, QueryNorm), Heads(Key.Apply(x), Config.KeyValueHeads, KeyNorm),
        Heads(Value.Apply(x), Config.KeyValueHeads, norm: null));

    /// <summary>The output projection of all heads' results.</summary>
    /// <param name="mixed">(B, NH, S, DH).</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Join(Tensor mixed)
    {
        using var scope = NewDisposeScope();
        return Output.Apply(mixed.transpose(1, 2).reshape(mixed.shape[0], mixed.shape[2], -1)).MoveToOuterDisposeScope();
    }

    /// <summary>Which keys the queries of further positions see: those before them and their own, in a window if the layer has one.</summary>
    /// <param name="start">Positions read before.</param>
    /// <param name="length">S.</param>
    /// <param name="device">Device of the mask.</param>
    /// <param name="window">W, the query's own position included; 0 for no window.</param>
    /// <returns>(S, start + S); null if <see cref="Apply"/> needs none.</returns>
    internal static Tensor? Mask(long start, long length, Device device, int window = 0)
    {
        using var scope = NewDisposeScope();
        var windowed = window > 0 && start + length > window;
        if (!windowed && (start == 0 || length == 1))
        {
            return null;
        }

        var seen = ones([length, start + length], ScalarType.Bool, device).tril(start);
        return (windowed ? seen.triu(start - window + 1) : seen).MoveToOuterDisposeScope();
    }

    /// <summary>Attention with scores c · tanh(score / c) (Gemma 2).</summary>
    private Tensor Capped(Tensor q, Tensor k, Tensor v, Tensor? mask, double cap)
    {
        var (length, total, scale) = (q.shape[2], k.shape[2], Config.Form.ScoreScale ?? 1 / Math.Sqrt(Config.HeadSize));
        var scores = q.matmul(k.transpose(-2, -1)).mul(scale / cap).tanh().mul(cap);          // (B, NH, S, T)
        var seen = mask ?? ones([length, total], ScalarType.Bool, q.device).tril(total - length);
        return scores.masked_fill(seen.logical_not(), double.NegativeInfinity).to(ScalarType.Float32).softmax(-1).to(v.dtype).matmul(v);
    }

    private static Tensor Rotate(Tensor heads, (Tensor Cos, Tensor Sin)? angles) =>
        angles is { } known ? RotaryEmbedding.Rotate(heads, known) : heads;

    private Tensor Heads(Tensor flat, int heads, RmsNorm? norm)
    {
        var wide = Config.Traits.HeadNorms == HeadNorms.Width;
        flat = wide && norm is not null ? norm.Apply(flat).to(flat.dtype) : flat;
        var split = flat.view(flat.shape[0], flat.shape[1], heads, Config.HeadSize);
        return (wide ? split : norm?.Apply(split).to(flat.dtype) ?? split).transpose(1, 2);
    }

    /// <summary>Repeats each shared key or value head for the query heads that use it: (B, KVH, T, DH) → (B, NH, T, DH).</summary>
    internal Tensor Repeat(Tensor shared)
    {
        var group = Config.Heads / Config.KeyValueHeads;
        return group == 1 ? shared : shared.repeat_interleave(group, 1);
    }
}

/// <summary>What the attention of a layer needs to know of the positions that it reads.</summary>
/// <param name="Angles">Rotary angles of the queries and of their keys; null for no rotation.</param>
/// <param name="Mask">(S, T), true if a query sees a key; null for the plain causal mask (or a single query that sees all).</param>
/// <param name="QueryFactor">(S, 1), factors of the queries; null for none.</param>
/// <param name="AllAngles">Angles of the T keys, if the cache contains keys before their rotation; else null.</param>
internal readonly record struct Positions(
    (Tensor Cos, Tensor Sin)? Angles, Tensor? Mask = null, Tensor? QueryFactor = null, (Tensor Cos, Tensor Sin)? AllAngles = null);
