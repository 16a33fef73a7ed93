namespace Distil.Core.Jobs;

/// <summary>How often the pipeline polls a job: after a share of the time that the job has been running, within limits.</summary>
public sealed record Polling
{
    /// <value>The delay as a share of the time that the job has been running. Default a twentieth: a job's end is noticed that much too late.</value>
    public double Share { get; init; } = 0.05;

    /// <value>Shortest delay in milliseconds. Default 50, so that a job of a second does not wait.</value>
    public int MinMilliseconds { get; init; } = 50;

    /// <value>Longest delay in milliseconds. Default 30,000, so that a job of a day is not polled too often.</value>
    public int MaxMilliseconds { get; init; } = 30_000;

    /// <summary>The delay after a job has been running for some time.</summary>
    public TimeSpan After(TimeSpan elapsed) =>
        TimeSpan.FromMilliseconds(Math.Clamp(elapsed.TotalMilliseconds * Share, MinMilliseconds, Math.Max(MinMilliseconds, MaxMilliseconds)));
}
