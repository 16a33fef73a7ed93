using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Cli.Display;

/// <summary>A run at one moment: its status, and how far each job at work is.</summary>
/// <param name="Status">The status.</param>
/// <param name="Jobs">The jobs that have reported, by id.</param>
internal sealed record RunSnapshot(RunStatus Status, IReadOnlyDictionary<string, JobProgress> Jobs)
{
    /// <value>How far the stage is, in shards or epochs, with the jobs' own parts of one.</value>
    internal double StageDone => Math.Min(Status.StageTotal, Status.StageDone + Jobs.Values.Sum(job => job.Total > 0 ? Math.Min(1.0, (double)job.Done / job.Total) : 0));

    /// <summary>When the stage may end: the jobs' own word where it is one of epochs, else by the shards done so far; null while unknown.</summary>
    internal DateTimeOffset? StageEnd(DateTimeOffset now) => Status switch
    {
        { Epoch: not null } => Jobs.Values.Max(job => job.ExpectedEnd),
        { StageStartedAt: { } began } when StageDone > 0 => now + ((now - began) * ((Status.StageTotal - StageDone) / StageDone)),
        _ => null,
    };

    /// <summary>Reads what the jobs of a status report.</summary>
    internal static async Task<RunSnapshot> ReadAsync(ArtifactStore store, RunStatus status, CancellationToken cancel) =>
        new(status, await new RunProgress(store).ReadAsync(status, cancel));

    /// <summary>The same; null where there is no status yet.</summary>
    internal static async Task<RunSnapshot?> TryReadAsync(ArtifactStore store, RunStatus? status) =>
        status is null ? null : await ReadAsync(store, status, CancellationToken.None);

    private static string Left(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time:mm} min" : $"{time:m\\:ss}";

    /// <summary>The same in words, without the stage's name.</summary>
    /// <param name="now">To say how much time is left.</param>
    internal string Describe(DateTimeOffset now)
    {
        var parts = new List<string>();
        if (Jobs.Count == 1)
        {
            var job = Jobs.Values.Single();
            parts.Add(job.Total > 0 ? $"{job.Done:N0}/{job.Total:N0} {job.Unit}" : $"{job.Done:N0} {job.Unit}");
        }
        else if (Jobs.Count > 1)
        {
            parts.Add($"{Jobs.Count} jobs");
        }

        if (Jobs.Values.Sum(job => job.TokensPerSecond ?? 0) is > 0 and var rate)
        {
            parts.Add($"{rate:N0} tokens/s");
        }

        if (Jobs.Values.Select(job => job.Loss).FirstOrDefault(loss => loss is not null) is { } loss)
        {
            parts.Add($"loss {loss:0.000}");
        }

        if (StageEnd(now) is { } end && end > now)
        {
            parts.Add($"{Left(end - now)} left");
        }

        if (Status.Retries > 0)
        {
            parts.Add($"{Status.Retries} tried again");
        }

        return string.Join(" · ", parts);
    }
}
