using Distil.Core.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>A linearised student's layers over whole texts as CUDA kernels and bfloat16 products. Equal to
/// <see cref="LinearisedLayers"/>, rounding apart.</summary>
internal sealed class FusedLayers
{
    private readonly RotaryEmbedding _rotary;
    private readonly TransformerWeights _inherited;
    private readonly IReadOnlyList<LayerParts> _parts;
    private readonly Recomputation _recomputation;
    private readonly FusedAlignment _alignment;

    /// <param name="shape">The student's shape.</param>
    /// <param name="weights">Its weights, float32 on a GPU.</param>
    /// <param name="rotary">Its rotary embedding.</param>
    internal FusedLayers(LinearisedShape shape, LinearisedWeights weights, RotaryEmbedding rotary)
    {
        (_rotary, _inherited, _recomputation) = (rotary, weights.Inherited, new(shape));
        var added = weights.New.ToDictionary(weight => weight.Name, weight => weight.Value);
        _parts = [.. _inherited.Layers.Select(
            (layer, i) => new LayerParts(layer, shape.Keeps(i) ? null : MixerWeights.Of(added, i), MixerSizes.Of(shape, i)))];
        _alignment = new(_inherited, _parts, rotary);
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

    /// <inheritdoc cref="FusedAlignment.AddGradients"/>
    internal void Align(Tensor inputIds, Tensor? real, double scale, double memoryWeight, Tensor losses) =>
        _alignment.AddGradients(inputIds, real, scale, memoryWeight, losses);

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
