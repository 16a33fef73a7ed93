using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>A block-diagonal matrix: each block of the output depends on one block of the input.</summary>
internal static class HeadwiseLinear
{
    /// <param name="x">(B, S, blocks · in).</param>
    /// <param name="weight">(blocks, out, in).</param>
    /// <returns>(blocks, B · S, out): the product with the blocks first.</returns>
    internal static Tensor BlocksFirst(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var blocks = x.reshape(-1, weight.size(0), weight.size(2)).transpose(0, 1);          // (blocks, B·S, in)
        return blocks.bmm(weight.to(x.dtype).transpose(1, 2)).MoveToOuterDisposeScope();
    }

    /// <inheritdoc cref="BlocksFirst"/>
    /// <returns>(B, S, blocks · out).</returns>
    internal static Tensor Forward(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        return BlocksFirst(x, weight).transpose(0, 1).reshape(x.size(0), x.size(1), -1).MoveToOuterDisposeScope();
    }
}
