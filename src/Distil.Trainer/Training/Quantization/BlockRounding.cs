using Distil.Core.Specification;
using Distil.Inference.Matrices;
using static TorchSharp.torch;

namespace Distil.Trainer.Training.Quantization;

/// <summary>Rounds weights as tensor operations, to the same bits as the files and engines that <see cref="Distil.Inference"/> and the exports write and
/// read.</summary>
internal static class BlockRounding
{
    /// <summary>The values that remain of weights in a form.</summary>
    /// <param name="weight">float32; if the form has integers, with rows of whole blocks.</param>
    /// <param name="form">The form.</param>
    /// <returns>float32, in the weights' shape and the caller's dispose scope.</returns>
    internal static Tensor Round(Tensor weight, WeightForm form)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var rounded = form switch
        {
            WeightForm.Bf16 => weight.to(ScalarType.BFloat16).to(ScalarType.Float32),
            WeightForm.Int8 => Int8(weight.reshape(-1, Matrix.Block)),
            WeightForm.Int4 => Int4(weight.reshape(-1, Matrix.Block)),
            _ => weight.clone(),
        };
        return rounded.reshape(weight.shape).MoveToOuterDisposeScope();
    }

    // −127 to 127 for the block's largest value. A division by a number would be a product with its reciprocal on a GPU.
    private static Tensor Int8(Tensor blocks)
    {
        var largest = blocks.abs().amax([1], keepdim: true);                                // (n, 1)
        return Codes(blocks, largest / full_like(largest, 127));
    }

    // The value farthest from 0 becomes −8.
    private static Tensor Int4(Tensor blocks)
    {
        var farthest = blocks.gather(1, blocks.abs().argmax(1, keepdim: true));             // (n, 1), the first of several
        var scale = farthest / full_like(farthest, -8);
        return Codes(blocks, scale, -8, 7);
    }

    private static Tensor Codes(Tensor blocks, Tensor scale, double min = -127, double max = 127)
    {
        var isZero = scale.eq(0);
        return (blocks / scale.masked_fill(isZero, 1)).round_().clamp_(min, max).mul_(scale); // (n, 32); round: half to even
    }
}
