using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Distil.Core.Artifacts.Leases;

/// <summary>The holder of a lease; the content of the lease's blob.</summary>
/// <param name="Machine">The machine's name.</param>
/// <param name="ProcessId">The id of its process.</param>
/// <param name="ProcessStart">The start of that process, because process ids are reused.</param>
public sealed record LeaseHolder(string Machine, int ProcessId, DateTimeOffset ProcessStart)
{
    // The system reports a process's start in clock ticks; at another time it may report a slightly different value for the same process.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <value>This process.</value>
    [JsonIgnore]
    public static LeaseHolder Self { get; } = OfThisProcess();

    /// <value>Whether the holder was a process of this machine that has ended; of other machines this is never certain.</value>
    [JsonIgnore]
    public bool IsGone => Machine == Self.Machine && !IsAlive();

    /// <inheritdoc/>
    public override string ToString() => $"process {ProcessId} on {Machine}";

    private static LeaseHolder OfThisProcess()
    {
        using var process = Process.GetCurrentProcess();
        return new LeaseHolder(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime());
    }

    private bool IsAlive()
    {
        try
        {
            using var process = Process.GetProcessById(ProcessId);
            return ProcessTable.IsAlive(ProcessId) && (process.StartTime.ToUniversalTime() - ProcessStart).Duration() < Tolerance;
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception or IOException)
        {
            return false;
        }
    }
}
