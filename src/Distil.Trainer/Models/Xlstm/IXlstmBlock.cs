using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm;

/// <summary>A block of the stack, its residual connections included.</summary>
internal interface IXlstmBlock
{
    /// <summary>A whole sequence, from its start.</summary>
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="arithmetic">Element type that the block computes in: float32, or bfloat16 with weights, norms and sums kept in float32.</param>
    /// <returns>float32, (B, S, D).</returns>
    Tensor Forward(Tensor x, ScalarType arithmetic);

    /// <summary>An empty state.</summary>
    /// <param name="batch">B.</param>
    /// <param name="arithmetic">As <see cref="Decode"/> will be given it.</param>
    IBlockState Start(long batch, ScalarType arithmetic);

    /// <summary>Further positions, S ≥ 1; the state is advanced. Records no gradient.</summary>
    /// <param name="x">The residual stream, float32, (B, S, D).</param>
    /// <param name="state">From <see cref="Start"/> of this block.</param>
    /// <param name="arithmetic">As for <see cref="Forward"/>.</param>
    Tensor Decode(Tensor x, IBlockState state, ScalarType arithmetic);
}

/// <summary>What a block remembers between decoding steps.</summary>
internal interface IBlockState : IDisposable
{
    /// <value>Bytes of its tensors.</value>
    long Bytes { get; }
}
