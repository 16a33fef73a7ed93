namespace Distil.Inference.Cuda;

/// <summary>Zeroed memory of a card.</summary>
internal sealed unsafe class DeviceBuffer : IDisposable
{
    private readonly CudaCard _card;

    /// <param name="card">The card.</param>
    /// <param name="bytes">How much, ≥ 1.</param>
    /// <exception cref="CudaKernelException">The card has no such memory left.</exception>
    internal DeviceBuffer(CudaCard card, long bytes)
    {
        (_card, Bytes) = (card, bytes);
        card.Use();
        CudaDriver.Check(CudaDriver.MemoryAllocate(out var address, (nuint)bytes), $"{bytes} bytes of {card.Name}");
        Address = address;
        CudaDriver.Check(CudaDriver.MemorySet(address, 0, (nuint)bytes, stream: 0), "cuMemsetD8Async");
        CudaDriver.Check(CudaDriver.StreamSynchronize(stream: 0), "cuStreamSynchronize");
    }

    /// <value>Where it begins, aligned to 256 bytes; 0 once it is freed.</value>
    internal long Address { get; private set; }

    /// <value>Its size.</value>
    internal long Bytes { get; }

    /// <summary>Copies bytes of the host to this memory and waits until they are there. Kernels that may use it must have ended.</summary>
    internal void Write(long offset, void* from, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(offset + bytes, Bytes, nameof(bytes));
        _card.Use();
        CudaDriver.Check(CudaDriver.CopyToDevice(Address + offset, from, (nuint)bytes), "cuMemcpyHtoD");
        CudaDriver.Check(CudaDriver.StreamSynchronize(stream: 0), "cuStreamSynchronize"); // it may return before the last bytes are there
    }

    /// <summary>As the other, of one number.</summary>
    internal void Write(long offset, long value) => Write(offset, &value, sizeof(long));

    /// <summary>As the first, of numbers, from the beginning.</summary>
    internal void Write<T>(ReadOnlySpan<T> values)
        where T : unmanaged
    {
        fixed (T* from = values)
        {
            Write(0, from, (long)values.Length * sizeof(T));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Address != 0)
        {
            _card.Use();
            CudaDriver.Check(CudaDriver.MemoryFree(Address), "cuMemFree");
            Address = 0;
        }
    }
}
