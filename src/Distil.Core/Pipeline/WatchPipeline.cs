using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Pipeline;

/// <summary>A stretch of asking after a job: until it is no longer simply at work, or a number of questions were asked.</summary>
/// <remarks>A job of days is asked after thousands of times; stretches keep every history short.</remarks>
public static class WatchPipeline
{
    /// <summary>Its name in the catalogue.</summary>
    public const string Name = "watch";

    /// <summary>Questions in a stretch.</summary>
    public const int MostQuestions = 100;

    /// <summary>Asks.</summary>
    /// <returns>The last answer; where the job is simply at work, another stretch should follow at once.</returns>
    public static async Task<JobAnswer> RunAsync(IPipelineContext run, WatchInput input)
    {
        for (var question = 1; ; question++)
        {
            var answer = await run.CallActivityAsync<JobHandle, JobAnswer>(PollJob.Name, input.Job);
            if (answer.Result is not null || answer.CancelRequested || answer.State != JobState.Running)
            {
                return answer;
            }

            await run.DelayAsync(input.Polling.After(run.Now - input.Since));
            if (question == MostQuestions)
            {
                return answer;
            }
        }
    }
}

/// <summary>What <see cref="WatchPipeline"/> needs.</summary>
/// <param name="Job">The job.</param>
/// <param name="Polling">How often it is asked after.</param>
/// <param name="Since">When it was started.</param>
public sealed record WatchInput(JobHandle Job, Polling Polling, DateTimeOffset Since);
