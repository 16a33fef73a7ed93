using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>One job until it ends: starts it, polls it, and retries it after a transient failure.</summary>
public static class JobPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "job";

    /// <summary>Maximum number of times that a job is started again in one try, because its platform has forgotten it.</summary>
    private const int MaxRestarts = 20;

    /// <summary>Maximum number of retries after its process or machine was taken away, or its disk was full: the job resumes from its checkpoint, so these are
    /// counted separately from failures.</summary>
    private const int MaxPreemptions = 10;

    /// <summary>The delays between the tries of a job.</summary>
    internal static readonly Backoff Delays = new(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2));

    private static readonly TimeSpan BetweenQuestions = TimeSpan.FromSeconds(4);

    /// <summary>Runs the job. If an input is missing, it is not retried here: the input must be rebuilt first.</summary>
    public static async Task<JobOutcome> RunAsync(IPipelineContext run, JobSpec spec)
    {
        JobFailure? last = null;
        var (failures, preemptions) = (0, 0);
        for (var number = 1; ; number++)
        {
            var answer = await TryAsync(run, spec, JobId.Try(spec.JobId, number));
            if (answer.CancelRequested)
            {
                return new JobOutcome(JobEnd.Cancelled, number, last, spec.Part);
            }

            var result = answer.Result!;
            if (result.Succeeded)
            {
                return new JobOutcome(JobEnd.Succeeded, number, last, spec.Part, Notes: result.Notes, Perplexity: result.Perplexity);
            }

            last = result.Failure!;
            var preempted = last.Class is FailureClass.Preempted or FailureClass.DiskFull;
            var (again, max) = preempted ? (++preemptions, Math.Max(MaxPreemptions, spec.Retries)) : (++failures, spec.Retries);
            if (last.Class is FailureClass.InvalidInput or FailureClass.MissingInput || again > max)
            {
                return new JobOutcome(JobEnd.Failed, number, last, spec.Part, result.Missing);
            }

            if (await PauseAsync(run, Delays.DelayAfter(again, spec.JobId)))
            {
                return new JobOutcome(JobEnd.Cancelled, number, last, spec.Part);
            }
        }
    }

    // Returns whether the run was cancelled in the meantime. A long delay checks several times, so that the user does not wait for minutes.
    private static async Task<bool> PauseAsync(IPipelineContext run, TimeSpan pause)
    {
        for (; pause > BetweenQuestions; pause -= BetweenQuestions)
        {
            await run.DelayAsync(BetweenQuestions);
            if (await run.CallActivityAsync(IsCancelRequested.Name, run.RunId))
            {
                return true;
            }
        }

        await run.DelayAsync(pause);
        return false;
    }

    // Ends with a result, or with a request to cancel (the job is then stopped).
    private static async Task<JobAnswer> TryAsync(IPipelineContext run, JobSpec spec, string jobId)
    {
        var started = run.Now;
        var start = await StartAsync(run, spec, jobId);
        for (int asked = 0, restarts = 0; start.Job is { } job; asked++)
        {
            var answer = asked < WatchPipeline.MaxQuestions
                ? await run.CallActivityAsync(PollJob.Name, job)
                : await run.CallSubPipelineAsync<WatchInput, JobAnswer>(
                    $"{jobId}-watch-{asked}", WatchPipeline.Name, new WatchInput(job, spec.Polling, started));
            if (answer.Result is not null)
            {
                return answer;
            }

            if (answer.CancelRequested)
            {
                await run.CallActivityAsync(StopJob.Name, job);
                return answer;
            }

            if (answer.State == JobState.Ended)
            {
                var says = answer.PlatformSays is { } platform ? $" ({platform})" : "";
                return Failed(run, started, FailureClass.Preempted, $"{jobId} ended without a result; its process or machine was taken away{says}");
            }

            if (answer.State == JobState.Unknown)
            {
                if (++restarts > MaxRestarts)
                {
                    return Failed(run, started, FailureClass.Transient, $"{jobId} was lost {restarts} times; its platform does not know it");
                }

                start = await StartAsync(run, spec, jobId);
            }

            await run.DelayAsync(spec.Polling.After(run.Now - started));
        }

        return new JobAnswer(JobState.Ended, start.Result, CancelRequested: start.State == StartState.Cancelled);
    }

    private static Task<StartOutput> StartAsync(IPipelineContext run, JobSpec spec, string jobId) =>
        run.CallActivityAsync(StartJob.Name, new StartInput(spec, jobId));

    private static JobAnswer Failed(IPipelineContext run, DateTimeOffset started, FailureClass failure, string message) =>
        new(JobState.Ended, new JobResult { Failure = new JobFailure(failure, message), StartedAt = started, EndedAt = run.Now });
}
