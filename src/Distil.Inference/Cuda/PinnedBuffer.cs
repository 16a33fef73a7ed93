namespace Distil.Inference.Cuda;

/// <summary>Memory of the host that a card writes to without waiting.</summary>
internal sealed unsafe class PinnedBuffer<T> : IDisposable
    where T : unmanaged
{
    private readonly CudaCard _card;
    private readonly int _length;
    private T* _start;

    /// <param name="card">The card.</param>
    /// <param name="length">Number of values, ≥ 1.</param>
    /// <exception cref="CudaKernelException">The host has no such memory left.</exception>
    internal PinnedBuffer(CudaCard card, int length)
    {
        (_card, _length) = (card, length);
        card.Use();
        CudaDriver.Check(CudaDriver.HostAllocate(out var start, (nuint)length * (nuint)sizeof(T)), "cuMemAllocHost");
        _start = (T*)start;
    }

    /// <value>The values.</value>
    internal Span<T> Values => _start is null ? throw new ObjectDisposedException(nameof(PinnedBuffer<>)) : new(_start, _length);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_start is not null)
        {
            _card.Use();
            CudaDriver.Check(CudaDriver.HostFree(_start), "cuMemFreeHost");
            _start = null;
        }
    }
}
