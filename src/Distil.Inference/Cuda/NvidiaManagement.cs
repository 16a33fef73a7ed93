using System.Runtime.InteropServices;

namespace Distil.Inference.Cuda;

/// <summary>How busy a card is, from NVIDIA's management library (NVML API reference), which comes with the driver.</summary>
internal static unsafe partial class NvidiaManagement
{
    private const string Library = "libnvidia-ml.so.1";
    private const int BusIdBytes = 32;

    /// <summary>Share of the last sampling period, of a second or less, in which a kernel ran on the card, 0–1; null if the library does not say it: it is
    /// missing, or the card is a part of one (MIG).</summary>
    /// <param name="device">The device's number for the driver.</param>
    internal static double? BusyShare(int device)
    {
        var busId = stackalloc byte[BusIdBytes];
        if (CudaDriver.DeviceGetPciBusId(busId, BusIdBytes, device) != 0)
        {
            return null;
        }

        try
        {
            return Initialize() == 0 && HandleOf(busId, out var handle) == 0 && UtilizationOf(handle, out var rates) == 0 ? rates.Gpu / 100.0 : null;
        }
        catch (Exception missing) when (missing is DllNotFoundException or EntryPointNotFoundException)
        {
            return null;
        }
    }

    /// <summary><c>nvmlUtilization_t</c>, in percent.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        internal uint Gpu, Memory;
    }

    [LibraryImport(Library, EntryPoint = "nvmlInit_v2")]
    private static partial int Initialize();

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetHandleByPciBusId_v2")]
    private static partial int HandleOf(byte* busId, out nint device);

    [LibraryImport(Library, EntryPoint = "nvmlDeviceGetUtilizationRates")]
    private static partial int UtilizationOf(nint device, out Utilization rates);
}
