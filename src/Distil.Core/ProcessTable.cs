using System.Diagnostics;
using System.Globalization;

namespace Distil.Core;

/// <summary>The processes of this machine.</summary>
public static class ProcessTable
{
    private const int StateField = 0; // after the name: field 3 of proc_pid_stat(5)
    private const int StartField = 19; // field 22

    /// <summary>Whether a process is running. A process that has ended but was never collected by its parent (perhaps a container's first process) is
    /// not.</summary>
    public static bool IsAlive(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                return Stat(processId)[StateField] is not ("Z" or "X");
            }

            using var process = Process.GetProcessById(processId);
            return !process.HasExited;
        }
        catch (Exception gone) when (gone is ArgumentException or IOException)
        {
            return false;
        }
    }

    /// <summary>The start of a process in clock ticks since the machine's boot; Linux only.</summary>
    /// <exception cref="IOException">It is not running.</exception>
    internal static long StartTicks(int processId) => long.Parse(Stat(processId)[StartField], CultureInfo.InvariantCulture);

    // The fields after the process's name, which may contain spaces and parentheses.
    private static string[] Stat(int processId)
    {
        var stat = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
        return stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
    }
}
