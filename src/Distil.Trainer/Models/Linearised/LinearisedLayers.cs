using Distil.Core.Models;
using Distil.Trainer.Models.Transformers;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised;

/// <summary>A linearised student's layers in the three ways in which they run: a whole text, further tokens, and beside the teacher.</summary>
/// <param name="shape">The student's shape.</param>
/// <param name="weights">Its weights.</param>
/// <param name="rotary">Its rotary embedding.</param>
/// <param name="type">Element type of the products over whole texts; null for the weights'. The stream, norms and recurrence keep the weights'.</param>
internal sealed class LinearisedLayers(LinearisedShape shape, LinearisedWeights weights, RotaryEmbedding rotary, ScalarType? type = null)
{
    private readonly IReadOnlyList<Mixer?> _mixers = MixersOf(shape, weights);

    private TransformerWeights Inherited => weights.Inherited;

    /// <summary>A whole text, from its start.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="branch">Which branches of the mixed layers count.</param>
    /// <param name="each">Receives the branches of each replaced layer, in order; they live until it returns.</param>
    /// <param name="outputs">Receives each layer's output, in the caller's dispose scope.</param>
    /// <returns>After the final norm, (B, S, D).</returns>
    internal Tensor Forward(Tensor inputIds, Branch branch, Action<Branches>? each = null, List<Tensor>? outputs = null)
    {
        using var scope = NewDisposeScope();
        var angles = Angles(0, inputIds);
        var x = Inherited.Embed(inputIds);                                                        // (B, S, D)
        foreach (var (i, layer) in Inherited.Layers.Index())
        {
            x = layer.Apply(x, normed =>
            {
                if (_mixers[i] is not { } mixer)
                {
                    return layer.Attention.Apply(normed, new(angles), cache: null, i);
                }

                var branches = mixer.Forward(normed, angles, branch);
                each?.Invoke(branches);
                return layer.Attention.Join(branches.Mixed);
            }, type);
            outputs?.Add(x.MoveToOuterDisposeScope());
        }

        return Inherited.FinalNorm.Apply(x).to(type ?? x.dtype).MoveToOuterDisposeScope();
    }

    /// <summary>Runs the teacher, which the inherited weights are as long as they are not trained, and at each replaced layer the mixer on the same
    /// input.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="each">Receives, for each replaced layer in order, the mixer's branches and the teacher's attention before the output projection, (B, NH, S,
    /// DH). Gradients are recorded for the mixer only. The tensors live until it returns.</param>
    internal void ForwardTeacher(Tensor inputIds, Action<Branches, Tensor> each)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var angles = Angles(0, inputIds);
        var x = Inherited.Embed(inputIds);
        foreach (var (i, layer) in Inherited.Layers.Index())
        {
            var next = layer.Apply(x, normed =>
            {
                var attended = layer.Attention.Attend(normed, new(angles), cache: null, i);
                if (_mixers[i] is { } mixer)
                {
                    using var recorded = enable_grad();
                    each(mixer.Forward(normed, angles, Branch.Both), attended);
                }

                return layer.Attention.Join(attended);
            }, type);
            x.Dispose();
            x = next;
        }
    }

    /// <summary>Further tokens; the state is advanced. Records no gradient.</summary>
    /// <returns>The last position after the final norm, (B, D).</returns>
    internal Tensor Decode(Tensor inputIds, LinearisedDecodingState state)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var angles = Angles(state.Position, inputIds);
        var mask = Attention.Mask(state.Position, inputIds.shape[1], inputIds.device);
        var x = Inherited.Embed(inputIds);
        var (mixed, kept) = (0, 0);
        foreach (var (i, layer) in Inherited.Layers.Index())
        {
            x = layer.Apply(x, normed => _mixers[i] is { } mixer
                ? layer.Attention.Join(mixer.Decode(normed, angles, state.Mixers[mixed++]))
                : layer.Attention.Apply(normed, new(angles, mask), state.Kept, kept++));
        }

        state.Advance(inputIds.shape[1]);
        return Inherited.FinalNorm.Apply(x.select(1, -1)).MoveToOuterDisposeScope();
    }

    private (Tensor Cos, Tensor Sin) Angles(long start, Tensor inputIds) => rotary.At(start, inputIds.shape[1], Inherited.Embedding.dtype);

    private static IReadOnlyList<Mixer?> MixersOf(LinearisedShape shape, LinearisedWeights weights)
    {
        var added = weights.New.ToDictionary(weight => weight.Name, weight => weight.Value);
        return [.. weights.Inherited.Layers.Select((layer, i) => shape.Keeps(i) ? null : new Mixer(shape, layer.Attention, MixerWeights.Of(added, i)))];
    }
}
