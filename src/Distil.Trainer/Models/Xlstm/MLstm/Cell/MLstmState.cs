using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.MLstm.Cell;

/// <summary>The mLSTM's state between positions: the matrix C (B, NH, DH, DH), the normaliser n (B, NH, DH) and the stabiliser m (B, NH). All start at
/// 0, m at the normaliser's own start.</summary>
internal sealed class MLstmState(Tensor matrix, Tensor normaliser, Tensor stabiliser) : IDisposable
{
    internal Tensor Matrix { get; private set; } = matrix;

    internal Tensor Normaliser { get; private set; } = normaliser;

    internal Tensor Stabiliser { get; private set; } = stabiliser;

    /// <value>Bytes of the three tensors.</value>
    internal long Bytes => (Matrix.numel() + Normaliser.numel() + Stabiliser.numel()) * Matrix.ElementSize;

    /// <summary>The state before the first token. Belongs to no dispose scope.</summary>
    internal static MLstmState Start(long batch, long heads, long headSize, Device device) =>
        Start(batch, heads, (headSize, headSize), device, MLstmNormaliser.Reference);

    /// <summary>As above, for keys and values of different sizes and another normaliser.</summary>
    internal static MLstmState Start(
        long batch, long heads, (long Key, long Value) sizes, Device device, MLstmNormaliser normaliser, ScalarType type = ScalarType.Float32)
    {
        Tensor Filled(double value, params long[] shape) => full(shape, value, type, device).DetachFromDisposeScope();
        return new(
            Filled(0, batch, heads, sizes.Key, sizes.Value), Filled(0, batch, heads, sizes.Key), Filled(normaliser.StartStabiliser, batch, heads));
    }

    /// <summary>An independent copy.</summary>
    internal MLstmState Copy()
    {
        static Tensor Copied(Tensor tensor) => tensor.clone().DetachFromDisposeScope();
        return new(Copied(Matrix), Copied(Normaliser), Copied(Stabiliser));
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
