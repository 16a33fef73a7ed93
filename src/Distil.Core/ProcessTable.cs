using System.Diagnostics;
using System.Globalization;

namespace Distil.Core;

/// <summary>The processes of this machine.</summary>
public static class ProcessTable
{
    /// <summary>Whether a process is running. A process that has ended but was never collected by its parent (perhaps a container's first process) is
    /// not.</summary>
    public static bool IsAlive(int processId)
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
}
