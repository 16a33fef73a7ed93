using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>The mLSTM's state between positions: the matrix C (B, NH, DH, DH), the normaliser n (B, NH, DH) and the stabiliser m (B, NH). All start at
/// 0.</summary>
internal sealed class MLstmState(Tensor matrix, Tensor normaliser, Tensor stabiliser) : IDisposable
{
    internal Tensor Matrix { get; private set; } = matrix;

    internal Tensor Normaliser { get; private set; } = normaliser;

    internal Tensor Stabiliser { get; private set; } = stabiliser;

    /// <value>Bytes of the three tensors.</value>
    internal long Bytes => (Matrix.numel() + Normaliser.numel() + Stabiliser.numel()) * Matrix.ElementSize;

    /// <summary>The state before the first token. Belongs to no dispose scope.</summary>
    internal static MLstmState Start(long batch, long heads, long headSize, Device device)
    {
        Tensor Zeros(params long[] shape) => zeros(shape, ScalarType.Float32, device).DetachFromDisposeScope();
        return new(Zeros(batch, heads, headSize, headSize), Zeros(batch, heads, headSize), Zeros(batch, heads));
    }

    /// <summary>Advances to a later position; the former tensors are freed.</summary>
    internal void Advance(Tensor matrix, Tensor normaliser, Tensor stabiliser)
    {
        Dispose();
        Matrix = matrix.DetachFromDisposeScope();
        Normaliser = normaliser.DetachFromDisposeScope();
        Stabiliser = stabiliser.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Matrix.Dispose();
        Normaliser.Dispose();
        Stabiliser.Dispose();
    }
}
