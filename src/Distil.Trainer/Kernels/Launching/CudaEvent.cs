namespace Distil.Trainer.Kernels.Launching;

/// <summary>A place in torch's queue of work on the card: it can be waited for without waiting for what is queued after it.</summary>
internal sealed class CudaEvent : IDisposable
{
    private readonly nint _event;

    /// <summary>Marks what this thread has queued so far.</summary>
    /// <exception cref="CudaKernelException">The driver refuses.</exception>
    internal CudaEvent()
    {
        CudaDriver.Check(CudaDriver.ContextSetCurrent(CudaRuntime.Card.Context), "cuCtxSetCurrent");
        CudaDriver.Check(CudaDriver.EventCreate(out _event, CudaDriver.EventWithoutTime), "cuEventCreate");
        CudaDriver.Check(CudaDriver.EventRecord(_event, stream: 0), "cuEventRecord");
    }

    /// <summary>Waits until the card has come here.</summary>
    /// <exception cref="CudaKernelException">What was queued before has failed.</exception>
    internal void Wait() => CudaDriver.Check(CudaDriver.EventSynchronize(_event), "cuEventSynchronize");

    /// <inheritdoc/>
    public void Dispose() => CudaDriver.Check(CudaDriver.EventDestroy(_event), "cuEventDestroy");
}
