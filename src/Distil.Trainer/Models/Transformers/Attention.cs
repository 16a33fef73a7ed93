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
        var q = Heads(Query.Apply(x), Config.Heads, QueryNorm);                  // (B, NH, S, DH)
        var k = Heads(Key.Apply(x), Config.KeyValueHeads, KeyNorm);              // (B, KVH, S, DH)
        var v = Heads(Value.Apply(x), Config.KeyValueHeads, norm: null);         // (B, KVH, S, DH)
        q = RotaryEmbedding.Rotate(q, angles);
        k = RotaryEmbedding.Rotate(k, angles);
        if (cache is not null)
        {
            (k, v) = cache.Append(layer, k, v);                                  // (B, KVH, T, DH)
        }

        var causal = mask is null && x.shape[1] > 1;
        var mixed = functional.scaled_dot_product_attention(q, Repeat(k), Repeat(v), attn_mask: mask, is_casual: causal); // (B, NH, S, DH)
        return Output.Apply(mixed.transpose(1, 2).reshape(x.shape[0], x.shape[1], -1)).MoveToOuterDisposeScope();
    }

    private Tensor Heads(Tensor flat, int heads, RmsNorm? norm)
    {
        var split = flat.view(flat.shape[0], flat.shape[1], heads, Config.HeadSize);
        return (norm?.Apply(split) ?? split).transpose(1, 2);
    }

    /// <summary>Repeats each shared key or value head for the query heads that use it: (B, KVH, T, DH) → (B, NH, T, DH).</summary>
    private Tensor Repeat(Tensor shared)
    {
        var group = Config.Heads / Config.KeyValueHeads;
        return group == 1 ? shared : shared.repeat_interleave(group, 1);
    }
}
