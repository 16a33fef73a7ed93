using System.Diagnostics;
using System.Text.Json.Serialization;

namespace Distil.Core.Artifacts.Leases;

/// <summary>Who holds a lease; the content of the lease's blob.</summary>
/// <param name="Machine">The machine's name.</param>
/// <param name="ProcessId">The process on it.</param>
/// <param name="ProcessStart">When that process began: process ids are used again.</param>
public sealed record LeaseHolder(string Machine, int ProcessId, DateTimeOffset ProcessStart)
{
    // The system tells a process's start to a clock tick; the same process may be told a little differently at another time.
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(1);

    /// <value>This process.</value>
    [JsonIgnore]
    public static LeaseHolder Self { get; } = OfThisProcess();

    /// <value>Whether the holder was a process of this machine that has ended: only then is it certain.</value>
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
