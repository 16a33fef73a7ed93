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
    /// <summary>Older architectures that a card can stand in for, and the most shared memory that a block has there (CUDA C++ Programming Guide, compute capabilities).</summary>
    private static readonly Dictionary<string, (int Major, int Minor, int SharedBytes)> Older = new()
    {
        ["sm_80"] = (8, 0, 163 * 1024), ["sm_86"] = (8, 6, 99 * 1024), ["sm_89"] = (8, 9, 99 * 1024),
    };

    /// <value>Whether it stands in for an older card: code is then compiled for that one's virtual architecture, and the driver translates it.</value>
    internal bool StandsIn { get; private init; }

    /// <summary>The architecture that code for this card is compiled for; sm_90's own instructions need the <c>a</c>.</summary>
    internal string Architecture => StandsIn ? $"compute_{Major}{Minor}" : Major == 9 && Minor == 0 ? "sm_90a" : $"sm_{Major}{Minor}";

    /// <value>Whether blocks can form clusters that read one another's shared memory.</value>
    internal bool HasClusters => Major >= 9;

    /// <summary>Bytes of the card's memory that are taken, by this process and others: torch keeps what it has freed, so this is a peak.</summary>
    internal static long MemoryInUse()
    {
        CudaDriver.Check(CudaDriver.ContextSetCurrent(CudaRuntime.Card.Context), "cuCtxSetCurrent");
        CudaDriver.Check(CudaDriver.MemoryInformation(out var free, out var total), "cuMemGetInfo");
        return (long)(total - free);
    }

    /// <summary>This card in the place of an older one: it runs that one's code, and what that one lacks is not used.</summary>
    /// <param name="architecture">Such as <c>sm_80</c>.</param>
    /// <exception cref="CudaKernelException">Unknown, or newer than the card.</exception>
    internal CudaCard As(string architecture) => Older.TryGetValue(architecture, out var older) && (older.Major, older.Minor).CompareTo((Major, Minor)) <= 0
        ? this with { Major = older.Major, Minor = older.Minor, SharedBytes = Math.Min(SharedBytes, older.SharedBytes), StandsIn = true }
        : throw new CudaKernelException($"{Name} cannot stand in for {architecture}; it can for {string.Join(", ", Older.Keys)} that are not newer than it");

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
