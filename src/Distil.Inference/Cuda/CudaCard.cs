using System.Text;

namespace Distil.Inference.Cuda;

/// <summary>The GPU that torch calls <c>cuda:0</c>, with its context, which torch uses too if it is in the process.</summary>
/// <param name="Name">Name according to the driver.</param>
/// <param name="Major">Compute capability: 9 for an H100.</param>
/// <param name="Minor">The second digit of the compute capability.</param>
/// <param name="Multiprocessors">Number of streaming multiprocessors.</param>
/// <param name="SharedBytes">Maximum shared memory of a block, in bytes.</param>
/// <param name="Context">Handle of the device's primary context.</param>
internal sealed record CudaCard(string Name, int Major, int Minor, int Multiprocessors, int SharedBytes, nint Context)
{
    /// <summary>Older architectures that a card can emulate, with a block's maximum shared memory there (CUDA C++ Programming Guide, compute
    /// capabilities).</summary>
    private static readonly Dictionary<string, (int Major, int Minor, int SharedBytes)> Older = new()
    {
        ["sm_80"] = (8, 0, 163 * 1024), ["sm_86"] = (8, 6, 99 * 1024), ["sm_89"] = (8, 9, 99 * 1024),
    };

    /// <value>Whether it emulates an older card: code is then compiled for that card's virtual architecture, and the driver translates it.</value>
    internal bool StandsIn { get; private init; }

    /// <summary>The architecture for which code for this card is compiled; sm_90's own instructions need the <c>a</c>.</summary>
    internal string Architecture => StandsIn ? $"compute_{Major}{Minor}" : Major == 9 && Minor == 0 ? "sm_90a" : $"sm_{Major}{Minor}";

    /// <value>Whether blocks can form clusters that read one another's shared memory.</value>
    internal bool HasClusters => Major >= 9;

    /// <summary>Makes the card's context the calling thread's.</summary>
    /// <exception cref="CudaKernelException">The driver refuses.</exception>
    internal void Use() => CudaDriver.Check(CudaDriver.ContextSetCurrent(Context), "cuCtxSetCurrent");

    /// <summary>Bytes of the card's memory in use, by this process and others. Torch does not return freed memory, so this is a peak.</summary>
    internal long MemoryInUse() => Memory().Used;

    /// <summary>Bytes of the card's memory in use, by this process and others, and of all of it.</summary>
    internal (long Used, long Total) Memory()
    {
        Use();
        CudaDriver.Check(CudaDriver.MemoryInformation(out var free, out var total), "cuMemGetInfo");
        return ((long)(total - free), (long)total);
    }

    /// <inheritdoc cref="NvidiaManagement.BusyShare"/>
    internal double? BusyShare()
    {
        CudaDriver.Check(CudaDriver.DeviceGet(out var device, 0), "cuDeviceGet");
        return NvidiaManagement.BusyShare(device);
    }

    /// <summary>Bytes of the card's memory that no process uses. What torch has cached counts as used.</summary>
    internal long MemoryFree()
    {
        var (used, total) = Memory();
        return total - used;
    }

    /// <summary>Returns this card as an emulation of an older one: it runs that card's code, and features that that card lacks are not used.</summary>
    /// <param name="architecture">For example <c>sm_80</c>.</param>
    /// <exception cref="CudaKernelException">The architecture is unknown, or newer than the card.</exception>
    internal CudaCard As(string architecture) => Older.TryGetValue(architecture, out var older) && (older.Major, older.Minor).CompareTo((Major, Minor)) <= 0
        ? this with { Major = older.Major, Minor = older.Minor, SharedBytes = Math.Min(SharedBytes, older.SharedBytes), StandsIn = true }
        : throw new CudaKernelException($"{Name} cannot stand in for {architecture}; it can for {string.Join(", ", Older.Keys)} that are not newer than it");

    /// <summary>Reads the first device.</summary>
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
