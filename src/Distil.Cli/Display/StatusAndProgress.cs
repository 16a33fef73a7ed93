using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Cli.Display;

/// <summary>A run's status and the progress of its running jobs, read at one moment.</summary>
/// <param name="Status">The status.</param>
/// <param name="Jobs">The jobs that have reported, by id.</param>
internal sealed record StatusAndProgress(RunStatus Status, IReadOnlyDictionary<string, JobProgress> Jobs)
{
    /// <value>Shards or epochs of the stage that are done, the jobs' own parts included.</value>
    internal double StageDone =>
        Math.Min(Status.StageTotal, Status.StageDone + Jobs.Values.Sum(job => job.Total > 0 ? Math.Min(1.0, (double)job.Done / job.Total) : 0));

    /// <summary>Expected end of the stage: the jobs' own estimate for epochs, otherwise from the speed of the shards; null if unknown.</summary>
    internal DateTimeOffset? StageEnd(DateTimeOffset now) => Status switch
    {
        { Epoch: not null } => Jobs.Values.Max(job => job.ExpectedEnd),
        { StageStartedAt: { } began } when StageDone > 0 => now + ((now - began) * ((Status.StageTotal - StageDone) / StageDone)),
        _ => null,
    };

    /// <summary>Reads the progress of a status's jobs.</summary>
    internal static async Task<StatusAndProgress> ReadAsync(ArtifactStore store, RunStatus status, CancellationToken cancel) =>
        new(status, await new RunProgress(store).ReadAsync(status, cancel));

    /// <summary>Like <see cref="ReadAsync"/>; null if there is no status yet.</summary>
    internal static async Task<StatusAndProgress?> TryReadAsync(ArtifactStore store, RunStatus? status) =>
        status is null ? null : await ReadAsync(store, status, CancellationToken.None);

    /// <value>How the operations of the models in training are computed, a line for each; empty outside training.</value>
    internal IEnumerable<string> Operations =>
        from operation in Jobs.Values.SelectMany(job => job.Operations ?? []).Distinct()
        select operation.UnavailableReason is { } reason ? $"{operation.Operation}: {operation.Form} ({reason})" : $"{operation.Operation}: {operation.Form}";

    private static string Left(TimeSpan time) => time.TotalHours >= 1 ? $"{(int)time.TotalHours} h {time:mm} min" : $"{time:m\\:ss}";

    /// <summary>Describes the progress as text, without the stage's name.</summary>
    /// <param name="now">The present time, for the remaining time.</param>
    internal string Describe(DateTimeOffset now)
    {
        var parts = new List<string>();
        if (Status.Waiting is { } waiting)
        {
            parts.Add(waiting);
        }

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

        if (Jobs.Values.Select(job => job.Device).FirstOrDefault(device => device is not null) is { } device)
        {
            parts.Add($"GPU {(device.BusyShare is { } busy ? $"{busy * 100:0} %, " : "")}{ByteSize.Of(device.UsedBytes)} of {ByteSize.Of(device.TotalBytes)}");
        }

        if (StageEnd(now) is { } end && end > now)
        {
            parts.Add($"{Left(end - now)} left");
        }

        if (Status.Retries > 0)
        {
            parts.Add($"{Status.Retries} tried again");
        }

        if (Status.Rebuilding is [.., var rebuilding])
        {
            parts.Add($"rebuilds {rebuilding.Part} ({rebuilding.Reason})");
        }

        return string.Join(" · ", parts);
    }
}
