using Distil.Core.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>A linearised student's layers over whole texts as CUDA kernels and bfloat16 products. Equal to <see cref="LinearisedLayers"/>, rounding apart.</summary>
internal sealed class FusedLayers
{
    private readonly RotaryEmbedding _rotary;
    private readonly TransformerWeights _inherited;
    private readonly IReadOnlyList<LayerParts> _parts;
    private readonly Recomputation _recomputation;

    /// <param name="shape">The student's shape.</param>
    /// <param name="weights">Its weights, float32 on a GPU.</param>
    /// <param name="rotary">Its rotary embedding.</param>
    internal FusedLayers(LinearisedShape shape, LinearisedWeights weights, RotaryEmbedding rotary)
    {
        (_rotary, _inherited, _recomputation) = (rotary, weights.Inherited, new(shape));
        var added = weights.New.ToDictionary(weight => weight.Name, weight => weight.Value);
        _parts = [.. _inherited.Layers.Select(
            (layer, i) => new LayerParts(layer, shape.Keeps(i) ? null : MixerWeights.Of(added, i), MixerSizes.Of(shape, i)))];
    }

    /// <summary>Chooses the form of a student's layers: makes this one, or null for the plain layers.</summary>
    internal static Choice<Func<FusedLayers>?> Choose(
        Backend backend, ScalarType type, LinearisedShape shape, LinearisedWeights weights, RotaryEmbedding rotary) => backend.Choose<Func<FusedLayers>?>(
        Operation.LinearisedLayers, type, null,
        new Candidate<Func<FusedLayers>?>(Kernel.LinearisedLayersCuda, () => new(shape, weights, rotary), () => MixerSizes.Limit(shape)));

    /// <summary>Hidden states after the final norm, from the start of a text.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="branch">Which branches of the mixed layers count.</param>
    /// <param name="recomputed">Layers that keep only their input for the backward pass; null for as many as the card's memory needs.</param>
    /// <returns>(B, S, D) bfloat16. What the backward pass needs is in the dispose scope around the caller's.</returns>
    internal Tensor Forward(Tensor inputIds, Branch branch, int? recomputed = null)
    {
        using var scope = NewDisposeScope();
        var angles = _rotary.At(0, inputIds.shape[1], ScalarType.Float32);
        var x = _inherited.Embed(inputIds);
        if (!is_grad_enabled())
        {
            return WithoutGradients(x, branch, angles).MoveToOuterDisposeScope();
        }

        var often = recomputed ?? _recomputation.Layers(inputIds.numel());
        Func<Tensor, IFusedBlock>[] blocks =
        [
            .. _parts.Select<LayerParts, Func<Tensor, IFusedBlock>>((part, i) => i < often
                ? stream => new RecomputedBlock(input => new FusedLayer(part, branch, angles, input), stream)
                : stream => new FusedLayer(part, branch, angles, stream)),
            stream => new FusedFinalNorm(_inherited.FinalNorm, stream),
        ];
        var final = new FusedStack(blocks, _inherited.FinalNorm.Weight).Forward(x);
        angles.Cos.MoveToOuterDisposeScope();
        angles.Sin.MoveToOuterDisposeScope();
        return final.MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="LinearisedLayers.ForwardTeacher"/>
    internal void ForwardTeacher(Tensor inputIds, Action<Branches, Tensor> each)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var (batch, length) = (inputIds.shape[0], inputIds.shape[1]);
        var angles = _rotary.At(0, length, ScalarType.Float32);
        var x = _inherited.Embed(inputIds).view(batch * length, -1);
        foreach (var part in _parts)
        {
            using var layerScope = NewDisposeScope();
            var layer = part.Layer;
            var (_, normed, _) = StreamKernels.Norm(x, delta: null, layer.InputNorm);
            var projected = part.Projections().Apply(normed);
            var attended = Attended(part, projected, angles, batch);                             // (B, NH, S, DH)
            if (part.New is { } added)
            {
                using var recorded = enable_grad();
                var gates = functional.linear(normed, Merged(added));
                var outputs = new FusedMixer(part.Sizes, Branch.Both, wantsMemory: part.Sizes.Mixes, inherited: false)
                    .Forward(part.Inputs(projected, gates), angles, batch);
                Tensor Heads(Tensor flat) => flat.view(batch, length, part.Sizes.Heads, -1).transpose(1, 2);
                each(new(Heads(outputs.Mixed), Heads(outputs.Memory ?? outputs.Mixed), outputs.Share is { } share ? Heads(share) : null), attended);
            }

            var joined = new FusedLinear(layer.Attention.Output).Apply(attended.transpose(1, 2).reshape(normed.shape[0], -1));
            var (sum, normedSum, _) = StreamKernels.Norm(x, joined, layer.FeedForwardNorm);
            var gated = StreamKernels.Gated(new FusedLinear(layer.Gate, layer.Up).Apply(normedSum));
            var next = sum.add_(new FusedLinear(layer.Down).Apply(gated)).MoveToOuterDisposeScope();
            x.Dispose();
            x = next;
        }
    }

    /// <summary>The teacher's own attention.</summary>
    private static Tensor Attended(LayerParts part, Tensor projected, (Tensor Cos, Tensor Sin) angles, long batch)
    {
        using var scope = NewDisposeScope();
        var heads = HeadKernels.Run(part.Sizes, part.Inputs(projected, null), angles, batch);
        Tensor ByText(Tensor x) => part.Layer.Attention.Repeat(x.transpose(0, 1));
        return functional.scaled_dot_product_attention(
            heads.Queries.transpose(0, 1), ByText(heads.Keys), ByText(heads.Values), is_casual: heads.Queries.shape[2] > 1).MoveToOuterDisposeScope();
    }

    /// <summary>The gates' weights as one bfloat16 matrix with a whole number of 16 bytes a row, recorded by autograd.</summary>
    private static Tensor Merged(MixerWeights added)
    {
        using var scope = NewDisposeScope();
        var joined = cat([.. new[] { added.OutputGate, added.InputGate, added.ForgetGate }.OfType<Tensor>()]);
        return functional.pad(joined, [0, 0, 0, (8 - joined.shape[0] % 8) % 8]).to(ScalarType.BFloat16).MoveToOuterDisposeScope();
    }

    private Tensor WithoutGradients(Tensor x, Branch branch, (Tensor Cos, Tensor Sin) angles)
    {
        using var scope = NewDisposeScope();
        foreach (var part in _parts)
        {
            using var layerScope = NewDisposeScope();
            var block = new FusedLayer(part, branch, angles, x);
            var next = block.Output.MoveToOuterDisposeScope();
            x.Dispose();
            x = next;
        }

        return new FusedFinalNorm(_inherited.FinalNorm, x).Output.MoveToOuterDisposeScope();
    }
}
