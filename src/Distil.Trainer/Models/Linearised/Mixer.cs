using Distil.Core.Models;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.MLstm.Cell;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Linearised;

/// <summary>What replaces a layer's attention: an mLSTM over softmax features of the teacher's queries and keys, mixed with attention over a window
/// (as in arXiv 2603.15590; features as in LoLCATs, arXiv 2410.10254).</summary>
internal sealed class Mixer(LinearisedShape shape, Attention inherited, MixerWeights weights)
{
    /// <summary>A whole sequence, from its start.</summary>
    /// <param name="x">The layer's normed input, (B, S, D).</param>
    /// <param name="angles">Rotary angles of the S positions.</param>
    /// <param name="branch">Which branches count.</param>
    internal Branches Forward(Tensor x, (Tensor Cos, Tensor Sin) angles, Branch branch)
    {
        using var scope = NewDisposeScope();
        var heads = Heads(x, angles);
        var memory = branch == Branch.Window ? null : Remember(x, heads, state: null);
        if (shape.Window == 0)
        {
            memory = memory!.to(x.dtype).MoveToOuterDisposeScope();
            return new(memory, memory, null);
        }

        var share = Share(heads);
        var window = branch == Branch.Memory ? null : WindowAttention.Forward(
            heads.RotatedQuery, (heads.RotatedKey, heads.Value), (First(heads.RotatedKey), First(heads.Value)), first: 0, shape.Window);
        var mixed = branch switch
        {
            Branch.Window => window!,
            Branch.Memory => memory! + share * 0, // the mix takes part, so that each trained weight has a gradient
            _ => share * memory! + (1 - share) * window!,
        };
        mixed = mixed.to(x.dtype);
        return new(mixed.MoveToOuterDisposeScope(), memory?.MoveToOuterDisposeScope(), share.MoveToOuterDisposeScope());
    }

    /// <summary>Further positions; the state is advanced.</summary>
    /// <returns>(B, NH, S, DH).</returns>
    internal Tensor Decode(Tensor x, (Tensor Cos, Tensor Sin) angles, MixerState state)
    {
        using var scope = NewDisposeScope();
        var heads = Heads(x, angles);
        var memory = Remember(x, heads, state.Memory);
        if (state.Window is not { } cache)
        {
            return memory.MoveToOuterDisposeScope();
        }

        var share = Share(heads);
        return (share * memory + (1 - share) * Look(heads, cache)).MoveToOuterDisposeScope();
    }

    /// <summary>The window's attention for further positions, which the cache then contains.</summary>
    private Tensor Look(AttentionHeads heads, WindowCache cache)
    {
        var first = cache.Position - Math.Min(cache.Position, shape.Window - 1);
        if (heads.Query.shape[2] == 1)
        {
            cache.Append(heads.SharedKey, heads.SharedValue);
            var ((keys, values), (earlyKeys, earlyValues)) = (cache.Latest(), cache.Sinks(outside: true));
            return WindowAttention.Single(
                heads.RotatedQuery, inherited.Repeat(cat([earlyKeys, keys], 2)), inherited.Repeat(cat([earlyValues, values], 2)));
        }

        var before = cache.Before();
        cache.Append(heads.SharedKey, heads.SharedValue);
        var sinks = cache.Sinks(outside: false);
        return WindowAttention.Forward(
            heads.RotatedQuery,
            (inherited.Repeat(cat([before.Keys, heads.SharedKey], 2)), inherited.Repeat(cat([before.Values, heads.SharedValue], 2))),
            (inherited.Repeat(sinks.Keys), inherited.Repeat(sinks.Values)), first, shape.Window);
    }

    /// <summary>The memory's part: whole sequences from their start, or further positions of a state.</summary>
    private Tensor Remember(Tensor x, AttentionHeads heads, MLstmState? state)
    {
        using var scope = NewDisposeScope();
        var (q, k) = (Features(heads.RotatedQuery, weights.QueryFeatures), Features(heads.RotatedKey, weights.KeyFeatures));
        var input = Gate(x, weights.InputGate, weights.InputBias).transpose(1, 2);                                 // (B, NH, S)
        var forget = Gate(x, weights.ForgetGate, weights.ForgetBias).transpose(1, 2);
        var memory = state is null
            ? MLstmForm.Forward(q, k, Wide(heads.Value), input, forget, MLstmNormaliser.Plain)
            : MLstmForm.Decode(q, k, Wide(heads.Value), input, forget, state, MLstmNormaliser.Plain);                      // (B, NH, S, DH)
        if (weights.OutputGate is { } gate)
        {
            memory = memory * Gate(x, gate, weights.OutputBias!).sigmoid().view(x.shape[0], x.shape[1], -1, memory.shape[3]).transpose(1, 2);
        }

        return memory.MoveToOuterDisposeScope();
    }

    /// <summary>A gate before its activation: the product in x's element type, the bias added in its own.</summary>
    private static Tensor Gate(Tensor x, Tensor weight, Tensor bias) =>
        weight.dtype == x.dtype ? linear(x, weight, bias) : linear(x, weight.to(x.dtype)).to(bias.dtype) + bias;

    /// <summary>A tensor in float32 if it is bfloat16: sums over positions and softmax are not computed in that.</summary>
    internal static Tensor Wide(Tensor x) => x.dtype == ScalarType.BFloat16 ? x.to(ScalarType.Float32) : x;

    /// <returns>Positive features that sum to a constant, (B, NH, S, dφ).</returns>
    private Tensor Features(Tensor rotated, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var u = Wide(rotated.matmul(weight.to(rotated.dtype)));                                                                         // (B, NH, S, DH)
        var features = shape.FeatureMap == Core.Specification.FeatureMap.Both ? cat([u.softmax(-1), (-u).softmax(-1)], -1) : u.softmax(-1);
        return features.MoveToOuterDisposeScope();
    }

    /// <summary>o, from query, key and value before the rotation: the share must not depend on the position.</summary>
    /// <returns>(B, NH, S, 1).</returns>
    private Tensor Share(AttentionHeads heads)
    {
        using var scope = NewDisposeScope();
        var joined = cat([heads.Query, heads.Key, heads.Value], -1);                                                 // (B, NH, S, 3·DH)
        var share = (joined * weights.Mix!.unsqueeze(1)).sum(-1, keepdim: true) + weights.MixBias!.view(-1, 1, 1);
        return share.sigmoid().MoveToOuterDisposeScope();
    }

    private AttentionHeads Heads(Tensor x, (Tensor Cos, Tensor Sin) angles)
    {
        var (q, k, v) = inherited.Project(x);
        var rotated = RotaryEmbedding.Rotate(k, angles);                                                             // (B, KVH, S, DH)
        return new(q, inherited.Repeat(k), inherited.Repeat(v), RotaryEmbedding.Rotate(q, angles), inherited.Repeat(rotated), rotated, v);
    }

    private Tensor First(Tensor positions) => positions.narrow(2, 0, Math.Min(shape.Sinks, positions.shape[2]));

    /// <summary>Queries, keys and values of a layer, (B, NH, S, DH) each; the shared keys and values (B, KVH, S, DH), keys rotated.</summary>
    private sealed record AttentionHeads(
        Tensor Query, Tensor Key, Tensor Value, Tensor RotatedQuery, Tensor RotatedKey, Tensor SharedKey, Tensor SharedValue);
}
