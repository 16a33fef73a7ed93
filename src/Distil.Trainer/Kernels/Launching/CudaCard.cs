using System.Text;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>The GPU that torch calls <c>cuda:0</c>, and its context, which is torch's too.</summary>
/// <param name="Name">As the driver says it.</param>
/// <param name="Major">Compute capability: 9 for an H100.</param>
/// <param name="Minor">Its second digit.</param>
/// <param name="Multiprocessors">Streaming multiprocessors.</param>
/// <param name="SharedBytes">Most shared memory that a block may have, in bytes.</param>
/// <param name="Context">Handle of the device's primary context.</param>
internal sealed record CudaCard(string Name, int Major, int Minor, int Multiprocessors, int SharedBytes, nint Context)
{
    /// <summary>The virtual architecture that code for this card is compiled for; sm_90's own instructions need the <c>a</c>.</summary>
    internal string Architecture => Major == 9 && Minor == 0 ? "sm_90a" : $"sm_{Major}{Minor}";

    /// <value>Whether blocks can form clusters that read one another's shared memory.</value>
    internal bool HasClusters => Major >= 9;

    /// <summary>Bytes of the card's memory that are taken, by this process and others: torch keeps what it has freed, so this is a peak.</summary>
    internal static long MemoryInUse()
    {
        CudaDriver.Check(CudaDriver.ContextSetCurrent(KernelSupport.Card.Context), "cuCtxSetCurrent");
        CudaDriver.Check(CudaDriver.MemoryInformation(out var free, out var total), "cuMemGetInfo");
        return (long)(total - free);
    }

    /// <summary>Reads the first device. Torch must have started CUDA before.</summary>
    /// <exception cref="DllNotFoundException">There is no driver.</exception>
    /// <exception cref="CudaKernelException">The driver finds no device.</exception>
    internal static unsafe CudaCard First()
    {
        CudaDriver.Check(CudaDriver.Initialize(0), "cuInit");
        CudaDriver.Check(CudaDriver.DeviceGet(out var device, 0), "cuDeviceGet");
        CudaDriver.Check(CudaDriver.PrimaryContextRetain(out var context, device), "cuDevicePrimaryCtxRetain");
        var name = stackalloc byte[256];
        CudaDriver.Check(CudaDriver.DeviceGetName(name, 256, device), "cuDeviceGetName");
        int Attribute(int which)
        {
            CudaDriver.Check(CudaDriver.DeviceGetAttribute(out var value, which, device), $"cuDeviceGetAttribute({which})");
            return value;
        }

        return new(
            Encoding.UTF8.GetString(new ReadOnlySpan<byte>(name, 256)).TrimEnd('\0'), Attribute(CudaDriver.CapabilityMajor),
            Attribute(CudaDriver.CapabilityMinor), Attribute(CudaDriver.Multiprocessors), Attribute(CudaDriver.SharedMemoryOptIn), context);
    }
}
