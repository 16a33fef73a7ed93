using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>Polls a job for a while: otherwise a job of days would fill one history with thousands of polls.</summary>
public static class WatchPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "watch";

    /// <summary>Maximum number of polls in one history.</summary>
    internal const int MaxQuestions = 100;

    /// <summary>Polls until the job's state changes, or <see cref="MaxQuestions"/> times.</summary>
    /// <returns>The last answer.</returns>
    public static async Task<JobAnswer> RunAsync(IPipelineContext run, WatchInput input)
    {
        for (var asked = 1; ; asked++)
        {
            var answer = await run.CallActivityAsync(PollJob.Name, input.Job);
            if (answer.Result is not null || answer.CancelRequested || answer.State != JobState.Running || asked == MaxQuestions)
            {
                return answer;
            }

            await run.DelayAsync(input.Polling.After(run.Now - input.StartedAt));
        }
    }
}

/// <summary>The input of <see cref="WatchPipeline"/>.</summary>
/// <param name="Job">The job.</param>
/// <param name="Polling">How often it is polled.</param>
/// <param name="StartedAt">When it was started.</param>
public sealed record WatchInput(JobHandle Job, Polling Polling, DateTimeOffset StartedAt);
