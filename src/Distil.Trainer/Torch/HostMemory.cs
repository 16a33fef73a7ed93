using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Copies between a GPU and the host through pinned memory.</summary>
internal static class HostMemory
{
    /// <summary>Returns a host tensor's copy on a device, or the tensor itself if the device is the host.</summary>
    /// <remarks>From pinned memory a copy is one transfer, in order with the device's other work; from pageable memory the device idles while the driver
    /// stages the copy piece by piece.</remarks>
    internal static Tensor ToDevice(this Tensor host, Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            return host.to(device);
        }

        using var pinned = host.pin_memory();
        return pinned.to(device, non_blocking: true); // torch retains the pinned block until the transfer has finished
    }

    /// <summary>Starts a dense copy to the host, which may not have finished on return; returns an alias if the tensor is on the host. The result is outside
    /// of every dispose scope; intermediate tensors belong to the present one.</summary>
    internal static Tensor BeginToHost(this Tensor tensor, bool waits = false) =>
        tensor.contiguous().to(CPU, non_blocking: !waits).alias().DetachFromDisposeScope();

    /// <summary>Copies tensors to the host, dense, and waits once for all of them; a tensor that is already there becomes an alias. Outside of every dispose
    /// scope.</summary>
    /// <remarks>Torch copies into pinned memory, which it caches for later copies; this is several times as fast as copying into newly allocated
    /// memory.</remarks>
    internal static Tensor[] ToHost(this Tensor[] tensors)
    {
        using var scope = NewDisposeScope();
        Tensor[] here = [.. tensors.Select(tensor => tensor.BeginToHost())];
        if (tensors.Any(tensor => tensor.device_type == DeviceType.CUDA))
        {
            cuda.synchronize();
        }
        return here;
    }
}
