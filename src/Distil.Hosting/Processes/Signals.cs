using System.Diagnostics;
using System.Runtime.InteropServices;
using Distil.Core;

namespace Distil.Hosting.Processes;

/// <summary>Ends other processes, first with SIGTERM.</summary>
internal static class Signals
{
    private const int Term = 15;
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    /// <summary>Sends SIGTERM, waits, and kills the process if it is still running. No error if it has already ended.</summary>
    internal static async Task TerminateAsync(int processId, TimeSpan patience)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = Kill(processId, Term);
        }

        for (var since = Stopwatch.GetTimestamp(); ProcessTable.IsAlive(processId) && Stopwatch.GetElapsedTime(since) < patience;)
        {
            await Task.Delay(Tick);
        }

        if (!ProcessTable.IsAlive(processId))
        {
            return;
        }

        using var process = Process.GetProcessById(processId);
        process.Kill(entireProcessTree: true);
        while (ProcessTable.IsAlive(processId))
        {
            await Task.Delay(Tick);
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Kill(int processId, int signal);
}
