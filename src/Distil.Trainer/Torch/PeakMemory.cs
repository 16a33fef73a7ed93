using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Distil.Trainer.Torch;

/// <summary>The largest resident memory of this process since a moment.</summary>
/// <remarks>A worker executes job after job, and the system's peak is that of the process's whole life: of whichever job was the largest.</remarks>
internal sealed partial class PeakMemory
{
    private const string Reset = "/proc/self/clear_refs";
    private const string PeakOnly = "5";

    private readonly bool _known;

    private PeakMemory(bool known) => _known = known;

    /// <value>In bytes; null if the system cannot say it (it is not Linux, or keeps the peak from being reset).</value>
    public long? Bytes
    {
        get
        {
            using var process = Process.GetCurrentProcess();
            return _known ? process.PeakWorkingSet64 : null;
        }
    }

    /// <summary>Returns to the system what earlier work has freed, and begins to measure.</summary>
    public static PeakMemory Begin()
    {
        GC.Collect();
        try
        {
            _ = TrimHeap(0);
        }
        catch (Exception other) when (other is DllNotFoundException or EntryPointNotFoundException)
        {
            // Another C library: what it keeps of freed memory counts.
        }

        try
        {
            File.WriteAllText(Reset, PeakOnly);
            return new PeakMemory(known: true);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return new PeakMemory(known: false);
        }
    }

    [LibraryImport("libc.so.6", EntryPoint = "malloc_trim")]
    private static partial int TrimHeap(nuint kept);
}
