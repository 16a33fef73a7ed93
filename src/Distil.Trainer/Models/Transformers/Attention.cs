using Distil.Core.Models;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Transformers;

/// <summary>Causal grouped-query attention (arXiv 2305.13245) with rotary positions, fused by torch.</summary>
internal sealed record Attention(TransformerConfig Config, Linear Query, Linear Key, Linear Value, Linear Output, RmsNorm? QueryNorm, RmsNorm? KeyNorm)
{
    /// <param name="x">(B, S, D).</param>
    /// <param name="angles">Rotary angles of the S positions.</param>
    /// <param name="cache">Contains the earlier tokens and stores these; null at the start of a sequence that is not continued.</param>
    /// <param name="layer">This layer's index in the cache.</param>
    /// <param name="mask">(S, T), true if a query sees a key; null for the plain causal mask (or a single query that sees all).</param>
    /// <returns>(B, S, D).</returns>
    internal Tensor Apply(Tensor x, (Tensor Cos, Tensor Sin) angles, KeyValueCache? cache, int layer, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        return Join(Attend(x, angles, cache, layer, mask)).MoveToOuterDisposeScope();
    }

    /// <summary>As <see cref="Apply"/>, before the output projection.</summary>
    /// <returns>(B, NH, S, DH).</returns>
    internal Tensor Attend(Tensor x, (Tensor Cos, Tensor Sin) angles, KeyValueCache? cache, int layer, Tensor? mask)
    {
        using var scope = NewDisposeScope();
        var (q, k, v) = Project(x);
        q = RotaryEmbedding.Rotate(q, angles);
        k = RotaryEmbedding.Rotate(k, angles);
        if (cache is not null)
        {
            (k, v) = cache.Append(layer, k, v);                                  // (B, KVH, T, DH)
        }

        var causal = mask is null && x.shape[1] > 1;
        return functional.scaled_dot_product_attention(q, Repeat(k), Repeat(v), attn_mask: mask, is_casual: causal).MoveToOuterDisposeScope();
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

    /// <summary>Which keys the queries of further positions see: those before them and their own.</summary>
    /// <param name="start">Positions read before.</param>
    /// <param name="length">S.</param>
    /// <param name="device">Device of the mask.</param>
    /// <returns>(S, start + S); null if <see cref="Apply"/> needs none.</returns>
    internal static Tensor? Mask(long start, long length, Device device)
    {
        using var scope = NewDisposeScope();
        return start > 0 && length > 1 ? ones([length, start + length], ScalarType.Bool, device).tril(start).MoveToOuterDisposeScope() : null;
    }

    private Tensor Heads(Tensor flat, int heads, RmsNorm? norm)
    {
        var split = flat.view(flat.shape[0], flat.shape[1], heads, Config.HeadSize);
        return (norm?.Apply(split).to(flat.dtype) ?? split).transpose(1, 2);
    }

    /// <summary>Repeats each shared key or value head for the query heads that use it: (B, KVH, T, DH) → (B, NH, T, DH).</summary>
    internal Tensor Repeat(Tensor shared)
    {
        var group = Config.Heads / Config.KeyValueHeads;
        return group == 1 ? shared : shared.repeat_interleave(group, 1);
    }
}
