namespace Distil.Core.Jobs;

/// <summary>How often the pipeline polls a job: after a twentieth of the time that the job has been at work, within these bounds.</summary>
public sealed record Polling
{
    /// <value>Shortest wait, milliseconds. Default 50: a job of a second is not kept waiting.</value>
    public int MinMilliseconds { get; init; } = 50;

    /// <value>Longest wait, milliseconds. Default 30,000: a job of a day costs few questions.</value>
    public int MaxMilliseconds { get; init; } = 30_000;

    /// <summary>The wait after a job has been at work for some time.</summary>
    public TimeSpan After(TimeSpan elapsed) =>
        TimeSpan.FromMilliseconds(Math.Clamp(elapsed.TotalMilliseconds / 20, MinMilliseconds, Math.Max(MinMilliseconds, MaxMilliseconds)));
}
