using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Asks after a job: its result first, then whether it is still wanted, then its platform.</summary>
public sealed class PollJob(ArtifactStore store, IJobRunner runner) : IActivity<JobHandle, JobAnswer>
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "poll-job";

    /// <inheritdoc/>
    public async Task<JobAnswer> RunAsync(JobHandle input, CancellationToken cancel)
    {
        if (await ResultAsync(input, cancel) is { } result)
        {
            return new JobAnswer(JobState.Ended, result);
        }

        var cancelled = await store.ExistsAsync(ArtifactLayout.Cancel(input.RunId), cancel);
        if (input.Handle.Length == 0)
        {
            return new JobAnswer(JobState.Unknown, CancelRequested: cancelled); // never started
        }

        var state = await runner.PollAsync(input.Handle, cancel);

        // The result may have come between the two questions.
        return new JobAnswer(state, state == JobState.Running ? null : await ResultAsync(input, cancel), cancelled);
    }

    private Task<JobResult?> ResultAsync(JobHandle job, CancellationToken cancel) =>
        store.TryReadJsonAsync<JobResult>(ArtifactLayout.JobResult(job.RunId, job.JobId), cancel);
}

/// <summary>How a job is.</summary>
/// <param name="State">The platform's word.</param>
/// <param name="Result">The job's own, which outranks it; null while there is none.</param>
/// <param name="CancelRequested">Whether the run is to be cancelled.</param>
public sealed record JobAnswer(JobState State, JobResult? Result = null, bool CancelRequested = false);
