using System.Text.Json.Serialization;

namespace Distil.Core.Artifacts.Leases;

/// <summary>The holder of a lease; the content of the lease's blob.</summary>
/// <param name="Machine">The machine's name, for people.</param>
/// <param name="Process">Its process; null if an earlier version of distil wrote this.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)] // earlier versions stored the process's start by the clock
public sealed record LeaseHolder(string Machine, ProcessIdentity? Process = null)
{
    /// <value>This process.</value>
    [JsonIgnore]
    public static LeaseHolder Self { get; } = new(Environment.MachineName, ProcessIdentity.Self);

    /// <value>Whether the holder is known to have ended. Of other machines and containers this is never known: their leases expire.</value>
    [JsonIgnore]
    public bool IsGone => Process?.IsAlive == false;

    /// <value>Whether the holder is known to be running.</value>
    [JsonIgnore]
    public bool IsKnownAlive => Process?.IsAlive == true;

    /// <inheritdoc/>
    public override string ToString() => Process is null ? $"a process on {Machine}" : $"{Process} on {Machine}";
}
