using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>
/// A block of the stack, its residual connections included. It computes in the element type for which it was built, with weights, norms and sums in float32.
/// </summary>
internal interface IXlstmBlock
{
    /// <summary>A whole sequence, from its start.</summary>
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <returns>float32, (B, S, D).</returns>
    Tensor Forward(Tensor x);

    /// <summary>The state before the first token.</summary>
    /// <param name="batch">B.</param>
    IBlockState Start(long batch);

    /// <summary>Further positions, S ≥ 1; the state is advanced. Records no gradient.</summary>
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="state">From <see cref="Start"/> of this block.</param>
    Tensor Decode(Tensor x, IBlockState state);
}

/// <summary>What a block remembers between decoding steps.</summary>
internal interface IBlockState : IDisposable
{
    /// <value>Bytes of its tensors.</value>
    long Bytes { get; }
}
