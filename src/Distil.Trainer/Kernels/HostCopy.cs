using System.Runtime.InteropServices;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Kernels;

/// <summary>A pending copy of a tensor to the host: waiting for it does not wait for work that the GPU received later.</summary>
/// <remarks>If this project's kernels cannot run, it waits for all work; on the CPU there is nothing to wait for.</remarks>
internal sealed class HostCopy : IDisposable
{
    private readonly Tensor _here;
    private readonly CudaEvent? _done;

    /// <summary>Starts the copy.</summary>
    internal HostCopy(Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var later = tensor.device_type == DeviceType.CUDA && CudaRuntime.UnavailableReason is null;
        _here = tensor.BeginToHost(waits: !later);
        _done = later ? new CudaEvent() : null;
    }

    /// <summary>Waits for the copy and returns the elements, which are valid until this object is disposed.</summary>
    internal ReadOnlySpan<T> Wait<T>()
        where T : unmanaged
    {
        _done?.Wait();
        return MemoryMarshal.Cast<byte, T>(_here.bytes);
    }

    /// <inheritdoc />
    public void Dispose()
    {
        _done?.Dispose();
        _here.Dispose();
    }
}
