namespace Distil.Inference.Cuda;

/// <summary>A queue of work on a card, beside the default one.</summary>
internal sealed unsafe class CudaStream : IDisposable
{
    private readonly CudaCard _card;

    /// <exception cref="CudaKernelException">The driver refuses.</exception>
    internal CudaStream(CudaCard card)
    {
        _card = card;
        card.Use();
        CudaDriver.Check(CudaDriver.StreamCreate(out var handle, CudaDriver.StreamNonBlocking), "cuStreamCreate");
        Handle = handle;
    }

    /// <value>The driver's handle.</value>
    internal nint Handle { get; }

    /// <summary>Waits until all work is done.</summary>
    /// <exception cref="CudaKernelException">A kernel failed.</exception>
    internal void Synchronize()
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.StreamSynchronize(Handle), "cuStreamSynchronize");
    }

    /// <summary>Queues that bytes become 0.</summary>
    internal void Clear(long address, long bytes)
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.MemorySet(address, 0, (nuint)bytes, Handle), "cuMemsetD8Async");
    }

    /// <summary>Queues a copy inside the card's memory.</summary>
    internal void Copy(long from, long to, long bytes)
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.CopyOnDevice(to, from, (nuint)bytes, Handle), "cuMemcpyDtoDAsync");
    }

    /// <summary>Queues a copy from pinned memory of the host, which must not change until it is done.</summary>
    internal void CopyToDevice<T>(Span<T> from, long to)
        where T : unmanaged
    {
        _card.Use();
        fixed (T* start = from)
        {
            CudaDriver.Check(CudaDriver.CopyToDevice((nint)to, start, (nuint)from.Length * (nuint)sizeof(T), Handle), "cuMemcpyHtoDAsync");
        }
    }

    /// <summary>Queues a copy to the host, whose memory must stay where it is until it is done.</summary>
    internal void CopyToHost<T>(long from, Span<T> to)
        where T : unmanaged
    {
        _card.Use();
        fixed (T* start = to)
        {
            CudaDriver.Check(CudaDriver.CopyToHost(start, from, (nuint)to.Length * (nuint)sizeof(T), Handle), "cuMemcpyDtoHAsync");
        }
    }

    /// <summary>Records the work that an action queues, without doing it.</summary>
    /// <param name="enqueue">Only launches kernels, whose arguments stay as they are.</param>
    /// <exception cref="CudaKernelException">The driver refuses.</exception>
    internal CudaGraph Capture(Action enqueue)
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.StreamBeginCapture(Handle, CudaDriver.CaptureThisThread), "cuStreamBeginCapture");
        nint graph;
        int ended;
        try
        {
            enqueue();
        }
        finally
        {
            ended = CudaDriver.StreamEndCapture(Handle, out graph);
        }

        CudaDriver.Check(ended, "cuStreamEndCapture");
        var made = CudaDriver.GraphInstantiate(out var executable, graph, flags: 0);
        CudaDriver.Check(CudaDriver.GraphDestroy(graph), "cuGraphDestroy");
        CudaDriver.Check(made, "cuGraphInstantiateWithFlags");
        return new(_card, this, executable);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.StreamDestroy(Handle), "cuStreamDestroy");
    }
}
