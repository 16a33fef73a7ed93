using System.Collections.Concurrent;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>The progress of the running jobs, from their own reports.</summary>
/// <param name="store">The storage of the reports.</param>
public sealed class RunProgress(ArtifactStore store)
{
    /// <summary>Reads the reports of a status's jobs: of each job's latest try, because the earlier ones have ended.</summary>
    /// <returns>The progress by the job's id in <see cref="RunStatus.Jobs"/>; jobs that have not reported yet are missing.</returns>
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

    // A job that failed is retried with a new id.
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
