using System.Diagnostics;
using System.Globalization;

namespace Distil.EndToEnd.Tests.Killing;

/// <summary>Processes of this machine, from <c>/proc</c>.</summary>
internal static class RunningProcesses
{
    /// <summary>The running processes that a process has started.</summary>
    public static IReadOnlyList<int> ChildrenOf(int parent) =>
    [
        .. from id in All()
           let stat = Read($"/proc/{id}/stat")
           where stat.Length > 0
           let fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ')
           where fields[0] is not ("Z" or "X") && fields[1] == parent.ToString(CultureInfo.InvariantCulture)
           select id,
    ];

    /// <summary>Sends SIGKILL; no error if the process has ended.</summary>
    public static void Kill(int id)
    {
        try
        {
            using var process = Process.GetProcessById(id);
            process.Kill();
        }
        catch (ArgumentException)
        {
            // It has already ended.
        }
    }

    private static IEnumerable<int> All() =>
        from folder in Directory.EnumerateDirectories("/proc")
        let name = Path.GetFileName(folder)
        where name.All(char.IsAsciiDigit)
        select int.Parse(name, CultureInfo.InvariantCulture);

    private static string Read(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }
}
