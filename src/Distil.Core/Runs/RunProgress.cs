using System.Collections.Concurrent;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>How far the jobs at work are, by their own reports.</summary>
/// <param name="store">Where the reports are.</param>
public sealed class RunProgress(ArtifactStore store)
{
    /// <summary>Reads what the jobs of a status report: each job's latest try does, the earlier ones have ended.</summary>
    /// <returns>By the job's id in <see cref="RunStatus.Jobs"/>; those that have not reported yet are missing.</returns>
    public async Task<IReadOnlyDictionary<string, JobProgress>> ReadAsync(RunStatus status, CancellationToken cancel = default)
    {
        var progress = new ConcurrentDictionary<string, JobProgress>();
        await Parallel.ForEachAsync(status.Jobs, cancel, async (job, stop) =>
        {
            var latest = await LatestTryAsync(status.RunId, job, stop);
            if (await store.TryReadJsonAsync<JobProgress>(ArtifactLayout.JobProgress(status.RunId, latest), stop) is { } reported)
            {
                progress[job] = reported;
            }
        });
        return new SortedDictionary<string, JobProgress>(progress, StringComparer.Ordinal);
    }

    // A job that failed goes on under an id of its own.
    private async Task<string> LatestTryAsync(string runId, string jobId, CancellationToken cancel)
    {
        var number = 1;
        while (await store.ExistsAsync(ArtifactLayout.JobRequest(runId, JobId.Try(jobId, number + 1)), cancel))
        {
            number++;
        }

        return JobId.Try(jobId, number);
    }
}
