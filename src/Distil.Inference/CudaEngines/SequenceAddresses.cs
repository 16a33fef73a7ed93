using Distil.Inference.Cuda;

namespace Distil.Inference.CudaEngines;

/// <summary>The addresses of the sequences that a step reads, where kernels find them.</summary>
/// <param name="card">The card.</param>
/// <param name="most">Most sequences.</param>
/// <param name="caches">Whether sequences have tables of pages.</param>
internal sealed class SequenceAddresses(CudaCard card, int most, bool caches) : IDisposable
{
    private readonly DeviceBuffer _buffer = new(card, 2L * most * sizeof(long)); // of the states, then of the tables of pages
    private readonly long[] _written = new long[2 * most];

    /// <summary>Where the addresses of the first sequences are.</summary>
    internal SequenceTable Table(int count) => new(_buffer.Address, caches ? _buffer.Address + most * sizeof(long) : 0, count);

    /// <summary>Writes the addresses of sequences. Kernels that read them must have ended.</summary>
    internal void Write(params ReadOnlySpan<SequenceMemory> sequences)
    {
        Span<long> addresses = stackalloc long[2 * most];
        addresses.Clear();
        for (var i = 0; i < sequences.Length; i++)
        {
            (addresses[i], addresses[most + i]) = (sequences[i].State, sequences[i].Table);
        }

        if (!addresses.SequenceEqual(_written)) // most steps read the sequences of the step before
        {
            _buffer.Write<long>(addresses);
            addresses.CopyTo(_written);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _buffer.Dispose();
}
