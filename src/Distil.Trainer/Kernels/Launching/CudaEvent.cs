using Distil.Inference.Cuda;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>A point in torch's queue of work on the card; waiting for it does not wait for work queued later.</summary>
internal sealed class CudaEvent : IDisposable
{
    private readonly nint _event;

    /// <summary>Records the work that this thread has queued so far.</summary>
    /// <exception cref="CudaKernelException">The driver refuses.</exception>
    internal CudaEvent()
    {
        CudaRuntime.Card.Use();
        CudaDriver.Check(CudaDriver.EventCreate(out _event, CudaDriver.EventWithoutTime), "cuEventCreate");
        CudaDriver.Check(CudaDriver.EventRecord(_event, stream: 0), "cuEventRecord");
    }

    /// <summary>Waits until the card has reached this point.</summary>
    /// <exception cref="CudaKernelException">Work queued before this point has failed.</exception>
    internal void Wait() => CudaDriver.Check(CudaDriver.EventSynchronize(_event), "cuEventSynchronize");

    /// <inheritdoc/>
    public void Dispose() => CudaDriver.Check(CudaDriver.EventDestroy(_event), "cuEventDestroy");
}
