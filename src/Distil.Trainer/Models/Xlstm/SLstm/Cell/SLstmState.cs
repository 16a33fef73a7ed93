using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM's state between positions: h, c, n and the stabiliser m, each (B, NH, DH).</summary>
/// <remarks>It starts at h = c = n = 0 and m = −∞: the first step then uses m = i, as the reference does if all n are 0.</remarks>
internal sealed class SLstmState(Tensor hidden, Tensor cell, Tensor normaliser, Tensor stabiliser) : IDisposable
{
    internal Tensor Hidden { get; private set; } = hidden;

    internal Tensor Cell { get; private set; } = cell;

    internal Tensor Normaliser { get; private set; } = normaliser;

    internal Tensor Stabiliser { get; private set; } = stabiliser;

    /// <value>Bytes of the four tensors.</value>
    internal long Bytes => 4 * Hidden.numel() * Hidden.ElementSize;

    /// <summary>The state before the first token. Belongs to no dispose scope.</summary>
    internal static SLstmState Start(long batch, long heads, long headSize, Device device)
    {
        long[] shape = [batch, heads, headSize];
        Tensor Filled(double value) => full(shape, value, ScalarType.Float32, device).DetachFromDisposeScope();
        return new(Filled(0), Filled(0), Filled(0), Filled(double.NegativeInfinity));
    }

    /// <summary>Advances to a later position; the former tensors are freed.</summary>
    internal void Advance(Tensor hidden, Tensor cell, Tensor normaliser, Tensor stabiliser)
    {
        Dispose();
        Hidden = hidden.DetachFromDisposeScope();
        Cell = cell.DetachFromDisposeScope();
        Normaliser = normaliser.DetachFromDisposeScope();
        Stabiliser = stabiliser.DetachFromDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Hidden.Dispose();
        Cell.Dispose();
        Normaliser.Dispose();
        Stabiliser.Dispose();
    }
}
