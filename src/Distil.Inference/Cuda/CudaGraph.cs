namespace Distil.Inference.Cuda;

/// <summary>Recorded work that is queued as a whole: one call for all of its kernels.</summary>
internal sealed class CudaGraph : IDisposable
{
    private readonly CudaCard _card;
    private readonly CudaStream _stream;
    private readonly nint _executable;

    internal CudaGraph(CudaCard card, CudaStream stream, nint executable) => (_card, _stream, _executable) = (card, stream, executable);

    /// <summary>Queues the work.</summary>
    /// <exception cref="CudaKernelException">The driver refuses, or an earlier kernel failed.</exception>
    internal void Launch()
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.GraphLaunch(_executable, _stream.Handle), "cuGraphLaunch");
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _card.Use();
        CudaDriver.Check(CudaDriver.GraphExecutableDestroy(_executable), "cuGraphExecDestroy");
    }
}
