using Distil.Trainer.Models.Transformers;
using Distil.Trainer.Models.Xlstm.Stack;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Distil.Trainer.Models.Linearised.Fused;

/// <summary>The teacher's forward pass by the inherited weights with, at each replaced layer, the mixer's forward and backward pass on the same
/// input.</summary>
/// <param name="inherited">The teacher's weights.</param>
/// <param name="parts">The layers.</param>
/// <param name="rotary">The rotary embedding.</param>
internal sealed class FusedAlignment(TransformerWeights inherited, IReadOnlyList<LayerParts> parts, RotaryEmbedding rotary)
{
    /// <summary>Adds the gradients of Σ over layers of scale·Σ((ĥ − h)² + λ·(hM − h)²) to those of the new weights, and each layer's error to the
    /// losses.</summary>
    /// <param name="inputIds">(B, S), int64.</param>
    /// <param name="real">1 at the positions that count, (B, S) float32; null if all do.</param>
    /// <param name="scale">What a square counts.</param>
    /// <param name="memoryWeight">λ.</param>
    /// <param name="losses">One for each replaced layer, in order, float64.</param>
    internal void AddGradients(Tensor inputIds, Tensor? real, double scale, double memoryWeight, Tensor losses)
    {
        using var scope = NewDisposeScope();
        using var frozen = no_grad();
        var angles = rotary.At(0, inputIds.shape[1], ScalarType.Float32);
        var x = inherited.Embed(inputIds).view(inputIds.numel(), -1);
        var mask = real?.to(ScalarType.Float32).contiguous().flatten();
        var replaced = 0;
        foreach (var part in parts)
        {
            using var layerScope = NewDisposeScope();
            var layer = part.Layer;
            var (_, normed, _) = StreamKernels.Norm(x, delta: null, layer.InputNorm);
            var projected = part.Projections().Apply(normed);
            Tensor attended;                                                                      // (N, NH·DH)
            if (part.New is null)
            {
                attended = Attended(part, HeadKernels.Run(part.Sizes, part.Inputs(projected, null), angles, inputIds.shape[0]));
            }
            else
            {
                var gates = part.Gates()!;
                var mixer = new FusedMixer(part.Sizes, Branch.Both, wantsMemory: part.Sizes.Mixes, inherited: false);
                var (outputs, saved) = mixer.RunSaving(part.Inputs(projected, gates.Apply(normed)), angles, inputIds.shape[0]);
                attended = Attended(part, saved.Heads);
                var (error, of) = MixKernels.Align(part.Sizes, outputs, attended, mask, scale, memoryWeight);
                losses[replaced++].add_(error.to_type(ScalarType.Float64));
                var gradients = mixer.Gradients(saved, of);
                gates.AddGradients(normed, gradients.Gates!);
                WeightGradients.AddTrained(part.Weights, gradients.Weights); // the norms of heads are inherited: they are frozen
            }

            var (sum, normedSum, _) = StreamKernels.Norm(x, new FusedLinear(layer.Attention.Output).Apply(attended), layer.FeedForwardNorm);
            var gated = StreamKernels.Gated(new FusedLinear(layer.Dense.Gate, layer.Dense.Up).Apply(normedSum));
            var next = sum.add_(new FusedLinear(layer.Dense.Down).Apply(gated)).MoveToOuterDisposeScope();
            x.Dispose();
            x = next;
        }
    }

    /// <summary>The teacher's own attention.</summary>
    private static Tensor Attended(LayerParts part, MixerHeads heads)
    {
        using var scope = NewDisposeScope();
        Tensor ByText(Tensor x) => part.Layer.Attention.Repeat(x.transpose(0, 1));
        var attended = functional.scaled_dot_product_attention(
            heads.Queries.transpose(0, 1), ByText(heads.Keys), ByText(heads.Values), is_casual: heads.Queries.shape[2] > 1);   // (B, NH, S, DH)
        return attended.transpose(1, 2).reshape(heads.Queries.shape[1] * heads.Queries.shape[2], -1).contiguous().MoveToOuterDisposeScope();
    }
}
