using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Core.Pipeline.Activities;

/// <summary>Polls a job: its result first, then whether its run is cancelled, then its platform.</summary>
public sealed class PollJob(ArtifactStore store, IJobRunner runner) : IActivity<JobHandle, JobAnswer>
{
    /// <summary>Its name as a function.</summary>
    public const string Id = "poll-job";

    /// <summary>Its name in the catalogue.</summary>
    public static ActivityName<JobHandle, JobAnswer> Name { get; } = new(Id, RetryPolicy.Jobs);

    /// <inheritdoc/>
    public async Task<JobAnswer> RunAsync(JobHandle input, CancellationToken cancel)
    {
        if (await ResultAsync(input, cancel) is { } result)
        {
            return new JobAnswer(JobState.Ended, result);
        }

        // A platform may wait for the job's end here: what is asked of storage is asked afterwards.
        var state = await runner.PollAsync(input.Handle, cancel);
        var cancelled = await store.ExistsAsync(ArtifactLayout.Cancel(input.RunId), cancel);
        var late = state == JobState.Running ? null : await ResultAsync(input, cancel);
        var says = state == JobState.Ended && late is null ? await runner.DescribeEndAsync(input.Handle, cancel) : null;
        return new JobAnswer(state, late, cancelled, says);
    }

    private Task<JobResult?> ResultAsync(JobHandle job, CancellationToken cancel) =>
        store.TryReadJsonAsync<JobResult>(ArtifactLayout.JobResult(job.RunId, job.JobId), cancel);
}

/// <summary>A job's state and result.</summary>
/// <param name="State">The state according to the platform.</param>
/// <param name="Result">The job's own result, which takes precedence; null if there is none yet.</param>
/// <param name="CancelRequested">Whether the run is to be cancelled.</param>
/// <param name="PlatformSays">What the platform says about an end without a result; null for nothing.</param>
public sealed record JobAnswer(JobState State, JobResult? Result = null, bool CancelRequested = false, string? PlatformSays = null);
