using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Torch;

/// <summary>Copies between a GPU and the host through pinned memory.</summary>
internal static class HostMemory
{
    /// <summary>A host tensor's copy on a device; the tensor itself where that is the host.</summary>
    /// <remarks>From pinned memory a copy is one transfer, in order with the device's other work; from pageable memory the device idles while the driver stages it piece by piece.</remarks>
    internal static Tensor ToDevice(this Tensor host, Device device)
    {
        if (device.type != DeviceType.CUDA)
        {
            return host.to(device);
        }

        using var pinned = host.pin_memory();
        return pinned.to(device, non_blocking: true); // torch keeps the pinned block until the transfer is over
    }

    /// <summary>A dense copy on the host that may still be under way; of a tensor that is there already an alias. Outside of every dispose scope; what it takes in between is in the present one.</summary>
    internal static Tensor BeginToHost(this Tensor tensor, bool waits = false) => tensor.contiguous().to(CPU, non_blocking: !waits).alias().DetachFromDisposeScope();

    /// <summary>Dense copies on the host, waited for once; of a tensor that is there already no copy but an alias. Outside of every dispose scope.</summary>
    /// <remarks>Torch copies into pinned memory, which it keeps for the next copies: several times as fast as into memory just asked for.</remarks>
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
