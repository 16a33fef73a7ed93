namespace Distil.Core.Jobs;

/// <summary>How often the pipeline polls a job: after a twentieth of the time that the job has been running, within these limits.</summary>
public sealed record Polling
{
    /// <value>Shortest delay in milliseconds. Default 50, so that a job of a second does not wait.</value>
    public int MinMilliseconds { get; init; } = 50;

    /// <value>Longest delay in milliseconds. Default 30,000, so that a job of a day is not polled too often.</value>
    public int MaxMilliseconds { get; init; } = 30_000;

    /// <summary>The delay after a job has been running for some time.</summary>
    public TimeSpan After(TimeSpan elapsed) =>
        TimeSpan.FromMilliseconds(Math.Clamp(elapsed.TotalMilliseconds / 20, MinMilliseconds, Math.Max(MinMilliseconds, MaxMilliseconds)));
}
