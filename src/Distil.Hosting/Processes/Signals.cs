using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Distil.Hosting.Processes;

/// <summary>Ends other processes politely.</summary>
internal static class Signals
{
    private const int Term = 15;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends SIGTERM, waits, and kills what is still there. No error where it has ended already.</summary>
    internal static async Task TerminateAsync(int processId, TimeSpan patience)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(processId, Term);
        }

        for (var since = Stopwatch.GetTimestamp(); IsAlive(processId) && Stopwatch.GetElapsedTime(since) < patience;)
        {
            await Task.Delay(Tick);
        }

        if (!IsAlive(processId))
        {
            return;
        }

        using var process = Process.GetProcessById(processId);
        process.Kill(entireProcessTree: true);
        while (IsAlive(processId))
        {
            await Task.Delay(Tick);
        }
    }

    /// <summary>Whether a process runs. One that has ended and that its parent (a container's first process, perhaps) never asked about does not.</summary>
    internal static bool IsAlive(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
                return stat[(stat.LastIndexOf(')') + 2)..][0] is not ('Z' or 'X');
            }

            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception gone) when (gone is ArgumentException or IOException)
        {
            return false;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
