using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>One job until it is done: starts it, asks after it, tries it again where its failure may pass.</summary>
public static class JobPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "job";

    /// <summary>Times that a job is started again because its platform has forgotten it, in one try.</summary>
    private const int MaxRestarts = 20;

    /// <summary>Times that a job is tried again because its process or machine was taken away: it goes on from its checkpoint, so these count apart from its failures.</summary>
    private const int MaxPreemptions = 10;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestUnasked = TimeSpan.FromSeconds(4);

    /// <summary>Does the job.</summary>
    public static async Task<JobOutcome> RunAsync(IPipelineContext run, JobSpec order)
    {
        JobFailure? last = null;
        var (failures, preemptions) = (0, 0);
        for (var number = 1; ; number++)
        {
            var answer = await TryAsync(run, order, JobSpec.TryId(order.JobId, number));
            if (answer.CancelRequested)
            {
                return new JobOutcome(JobEnd.Cancelled, number, last);
            }

            if (answer.Result!.Succeeded)
            {
                return new JobOutcome(JobEnd.Succeeded, number, last, answer.Result.Output);
            }

            last = answer.Result.Failure!;
            var preempted = last.Class == FailureClass.Preempted;
            var (again, most) = preempted ? (++preemptions, Math.Max(MaxPreemptions, order.Retries)) : (++failures, order.Retries);
            if (last.Class == FailureClass.InvalidInput || again > most)
            {
                return new JobOutcome(JobEnd.Failed, number, last);
            }

            if (await PauseAsync(run, new JobHandle(order.RunId, JobSpec.TryId(order.JobId, number + 1), Handle: ""), PauseAfter(again)))
            {
                return new JobOutcome(JobEnd.Cancelled, number, last);
            }
        }
    }

    /// <summary>The pause before another try: 1 s, 2 s, 4 s … 2 min.</summary>
    /// <param name="tries">Tries so far, ≥ 1.</param>
    internal static TimeSpan PauseAfter(int tries) =>
        TimeSpan.FromSeconds(Math.Min(FirstPause.TotalSeconds * Math.Pow(2, tries - 1), LongestPause.TotalSeconds));

    // Whether its run is cancelled meanwhile: that is asked during the pause too, since its user does not wait for minutes.
    private static async Task<bool> PauseAsync(IPipelineContext run, JobHandle next, TimeSpan pause)
    {
        for (; pause > LongestUnasked; pause -= LongestUnasked)
        {
            await run.DelayAsync(LongestUnasked);
            if ((await run.CallActivityAsync<JobHandle, JobAnswer>(PollJob.Name, next)).CancelRequested)
            {
                return true;
            }
        }

        await run.DelayAsync(pause);
        return false;
    }

    // Ends with a result, or with the wish to cancel (the job is then stopped).
    private static async Task<JobAnswer> TryAsync(IPipelineContext run, JobSpec order, string jobId)
    {
        var started = run.Now;
        var job = await StartAsync(run, order, jobId);
        for (int asked = 0, restarts = 0; ; asked++)
        {
            var answer = asked < WatchPipeline.Questions
                ? await run.CallActivityAsync<JobHandle, JobAnswer>(PollJob.Name, job)
                : await run.CallSubPipelineAsync<WatchInput, JobAnswer>($"{jobId}-watch-{asked}", WatchPipeline.Name, new WatchInput(job, order.Polling, started));
            if (answer.Result is not null)
            {
                return answer;
            }

            if (answer.CancelRequested)
            {
                await run.CallActivityAsync<JobHandle, bool>(StopJob.Name, job);
                return answer;
            }

            if (answer.State == JobState.Ended)
            {
                return Failed(run, started, FailureClass.Preempted, $"{jobId} ended without a result; its process or machine was taken away");
            }

            if (answer.State == JobState.Unknown)
            {
                if (++restarts > MaxRestarts)
                {
                    return Failed(run, started, FailureClass.Transient, $"{jobId} was lost {restarts} times; its platform does not know it");
                }

                job = await StartAsync(run, order, jobId);
            }

            await run.DelayAsync(order.Polling.After(run.Now - started));
        }
    }

    private static Task<JobHandle> StartAsync(IPipelineContext run, JobSpec order, string jobId) =>
        run.CallActivityAsync<StartInput, JobHandle>(StartJob.Name, new StartInput(order, jobId));

    private static JobAnswer Failed(IPipelineContext run, DateTimeOffset started, FailureClass failure, string message) =>
        new(JobState.Ended, new JobResult { Failure = new JobFailure(failure, message), StartedAt = started, EndedAt = run.Now });
}
