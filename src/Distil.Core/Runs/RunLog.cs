using System.Globalization;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Runs;

/// <summary>What happened in a run, in order of time, from its documents: each try of each job with its machine's answer, and the run's ends.</summary>
/// <param name="store">The storage.</param>
public sealed class RunLog(ArtifactStore store)
{
    /// <summary>The events of a run.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="job">Only this job and its later tries; null for all.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<IReadOnlyList<RunEvent>> ReadAsync(string runId, string? job, CancellationToken cancel)
    {
        var events = new List<RunEvent>();
        await foreach (var folder in store.ListFoldersAsync(ArtifactLayout.AllJobs(runId), cancel))
        {
            var id = folder[ArtifactLayout.AllJobs(runId).Length..^1];
            if (job is null || id == job || id.StartsWith($"{job}-try-", StringComparison.Ordinal))
            {
                await AddJobAsync(events, runId, id, cancel);
            }
        }

        if (job is null && await new RunFolder(store).FindStatusAsync(runId, cancel) is { } status)
        {
            events.Add(new RunEvent(status.StartedAt, "the run starts"));
            events.AddRange(status.Earlier.Select(end => new RunEvent(end.EndedAt, $"the run {Word(end.State)}; it is retried later", Detail: end.Failure?.Message)));
            if (status.HasEnded || status.State == RunState.Interrupted)
            {
                events.Add(new RunEvent(status.UpdatedAt, $"the run {Word(status.State)}", Detail: status.State == RunState.Failed ? status.LastFailure?.Message : null));
            }
        }

        return [.. events.OrderBy(each => each.At)];
    }

    private async Task AddJobAsync(List<RunEvent> events, string runId, string id, CancellationToken cancel)
    {
        if (await store.TryReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest(runId, id), cancel) is { } request)
        {
            events.Add(new RunEvent(request.RequestedAt ?? default, $"is asked to make part {request.Part} of {request.Makes.Closing}", id));
        }

        if (await store.TryReadJsonAsync<JobResult>(ArtifactLayout.JobResult(runId, id), cancel) is { } result)
        {
            var took = (result.EndedAt - result.StartedAt).TotalSeconds.ToString("0.0", CultureInfo.InvariantCulture);
            events.Add(result.Failure is { } failure
                ? new RunEvent(result.EndedAt, $"failed after {took} s ({failure.Class.ToString().ToLowerInvariant()}): {failure.Message}", id, failure.Detail)
                : new RunEvent(result.EndedAt, $"is done after {took} s", id, result.Notes is null ? null : string.Join('\n', result.Notes)));
        }
        else if (await store.TryReadJsonAsync<JobProgress>(ArtifactLayout.JobProgress(runId, id), cancel) is { } progress)
        {
            events.Add(new RunEvent(progress.At, $"has {progress.Done:N0} of {progress.Total:N0} {progress.Unit}", id));
        }
    }

    private static string Word(RunState state) => state switch
    {
        RunState.Succeeded => "has succeeded",
        RunState.Interrupted => "is interrupted",
        RunState.Failed => "has failed",
        RunState.Cancelled => "is cancelled",
        _ => "is at work",
    };
}

/// <summary>An event of a run.</summary>
/// <param name="At">When it happened.</param>
/// <param name="Text">What happened, in a line.</param>
/// <param name="Job">The try of a job; null if the event is the run's.</param>
/// <param name="Detail">More lines, for instance a stack trace; null for none.</param>
public sealed record RunEvent(DateTimeOffset At, string Text, string? Job = null, string? Detail = null);
