using TorchSharp;
using static TorchSharp.torch;

namespace Distil.Trainer.Models;

/// <summary>Copies between a GPU and the host that wait for neither.</summary>
internal static class HostMemory
{
    /// <summary>A host tensor's copy on a device; the tensor itself where that is the host.</summary>
    /// <remarks>From pinned memory a copy is one transfer, in order with the device's other work; from pageable memory the device idles while the driver stages it piece by piece.</remarks>
    internal static Tensor ToDevice(this Tensor host, Device device)
    {
        if (device.type != DeviceType.CUDA)
            return host.to(device);

        using var pinned = host.pin_memory();
        return pinned.to(device, non_blocking: true); // torch keeps the pinned block until the transfer is over
    }
}
