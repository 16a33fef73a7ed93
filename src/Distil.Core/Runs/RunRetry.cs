using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>Prepares a run that failed or was cancelled for a new start of its pipeline, which continues from the run's artifacts and checkpoints.</summary>
/// <param name="store">The storage of the run.</param>
public sealed class RunRetry(ArtifactStore store)
{
    private const int ReadsAtOnce = 8;
    private const string ResultFile = "/result.json";

    /// <summary>Removes what keeps the run ended: its journal, the request to cancel it, and the results of jobs that did not succeed. Nothing else is
    /// deleted. A run that has not ended is not changed.</summary>
    /// <remarks>
    /// The status is replaced first, with <see cref="RunStatus.Earlier"/> longer by this end. If this process dies afterwards, the pipeline finds its old
    /// journal, ends as before, and the run can be retried again.
    /// </remarks>
    /// <exception cref="InvalidInputException">There is no such run, or it has succeeded, or another process changed its status in the meantime.</exception>
    public async Task PrepareAsync(string runId, CancellationToken cancel)
    {
        var blob = ArtifactLayout.Status(runId);
        var (status, tag) = await store.TryReadTaggedJsonAsync<RunStatus>(blob, cancel);
        if (status is null && !await store.ExistsAsync(ArtifactLayout.Plan(runId), cancel))
        {
            throw new InvalidInputException($"{runId} is not a run in {store.Uri}; expected one that is");
        }

        if (status is not { HasEnded: true })
        {
            return;
        }

        if (status.State == RunState.Succeeded)
        {
            throw new InvalidInputException($"{runId} has succeeded; expected a run that failed or was cancelled");
        }

        if (!await store.TryReplaceJsonAsync(blob, Again(status), tag!.Value, cancel))
        {
            throw new InvalidInputException($"{runId} was changed by another process in the meantime; `distil status {runId}` says how it is");
        }

        await DeleteAllAsync(ArtifactLayout.Journal(runId), cancel);
        await DeleteResultsAsync(runId, cancel);
        await store.DeleteAsync(ArtifactLayout.Cancel(runId), cancel);
    }

    private static RunStatus Again(RunStatus ended) => ended with
    {
        State = RunState.Queued,
        LastFailure = null,
        Retries = 0,
        Earlier = [.. ended.Earlier, new RunEnd(ended.State, ended.UpdatedAt, ended.LastFailure)],
        UpdatedAt = ended.UpdatedAt.AddTicks(1), // later than before, and not later than what the pipeline writes next, whatever the clocks are
    };

    private async Task DeleteAllAsync(string prefix, CancellationToken cancel)
    {
        await foreach (var blob in store.ListAsync(prefix, cancel))
        {
            await store.DeleteAsync(blob.Name, cancel);
        }
    }

    // A job that succeeded at its first try need not start again: its result is used. The pipeline counts tries and repetitions anew, so theirs go.
    private async Task DeleteResultsAsync(string runId, CancellationToken cancel)
    {
        var results = new List<string>();
        await foreach (var blob in store.ListAsync(ArtifactLayout.AllJobs(runId), cancel))
        {
            if (blob.Name.EndsWith(ResultFile, StringComparison.Ordinal))
            {
                results.Add(blob.Name);
            }
        }

        await Parallel.ForEachAsync(results, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel }, async (blob, stop) =>
        {
            if (!JobId.IsFirst(blob) || !await SucceededAsync(blob, stop))
            {
                await store.DeleteAsync(blob, stop);
            }
        });
    }

    private async Task<bool> SucceededAsync(string blob, CancellationToken cancel)
    {
        try
        {
            return await store.TryReadJsonAsync<JobResult>(blob, cancel) is { Succeeded: true };
        }
        catch (ArtifactException)
        {
            return false; // unreadable
        }
    }
}
