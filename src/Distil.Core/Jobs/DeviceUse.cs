namespace Distil.Core.Jobs;

/// <summary>What is in use of the device on which a job computes, by this job's process and all others on it.</summary>
public sealed record DeviceUse
{
    /// <value>Memory in use, in bytes, ≥ 0. Torch keeps what it has freed for later, also from one job of a process to the next.</value>
    public required long UsedBytes { get; init; }

    /// <value>The largest <see cref="UsedBytes"/> that was read since the job began, in bytes.</value>
    public required long PeakBytes { get; init; }

    /// <value>The device's memory, in bytes.</value>
    public required long TotalBytes { get; init; }

    /// <value>Share of the last second or less in which the device computed, 0–1; null if its driver does not say it.</value>
    public double? BusyShare { get; init; }
}
