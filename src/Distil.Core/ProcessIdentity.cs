using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Serialization;

namespace Distil.Core;

/// <summary>A process of some machine, by properties that no other process ever has and that do not depend on the machine's clock, which may be set.</summary>
/// <param name="Boot">Id of the machine's boot; except on Linux, the machine's name.</param>
/// <param name="PidNamespace">The namespace of the process's id: a container has its own; empty except on Linux.</param>
/// <param name="ProcessId">The process's id in that namespace.</param>
/// <param name="Start">The start of the process: clock ticks since the boot; except on Linux, the time that the system stored then, in 100 ns.</param>
public sealed record ProcessIdentity(string Boot, string PidNamespace, int ProcessId, long Start)
{
    private const string BootFile = "/proc/sys/kernel/random/boot_id";
    private const string NamespaceLink = "/proc/self/ns/pid";

    /// <value>This process.</value>
    [JsonIgnore]
    public static ProcessIdentity Self { get; } = TryFind(Environment.ProcessId)!;

    /// <value>Whether it is running; null if that cannot be known here: it is a process of another machine, of an earlier boot, or of another
    /// container.</value>
    [JsonIgnore]
    public bool? IsAlive => (Boot, PidNamespace) != (Self.Boot, Self.PidNamespace) ? null : ProcessTable.IsAlive(ProcessId) && TryFind(ProcessId) == this;

    /// <summary>The identity of a process of this machine and container; null if it is not running.</summary>
    public static ProcessIdentity? TryFind(int processId)
    {
        try
        {
            return OperatingSystem.IsLinux() && File.Exists(BootFile)
                ? new ProcessIdentity(File.ReadAllText(BootFile).Trim(), new FileInfo(NamespaceLink).LinkTarget ?? "", processId, ProcessTable.StartTicks(processId))
                : new ProcessIdentity(Environment.MachineName, "", processId, StoredStart(processId));
        }
        catch (Exception gone) when (gone is IOException or ArgumentException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {ProcessId}");

    private static long StoredStart(int processId)
    {
        using var process = Process.GetProcessById(processId);
        return process.StartTime.ToUniversalTime().Ticks;
    }
}
