using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Tests.Pipeline;

/// <summary>How a job is watched: in stretches, ever more rarely, and started again if its platform forgot it.</summary>
public sealed class JobWatchTests : ScriptedJobPipeline
{
    [Fact]
    public async Task A_long_job_is_watched_in_stretches_so_that_no_history_grows_with_it()
    {
        Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 1000));
        Assert.Equal(JobEnd.Succeeded, (await RunAsync()).End);
        Assert.Equal(Enumerable.Range(100, 10).Select(stretch => $"train-001-watch-{stretch}"), Context.SubPipelines);
    }

    [Fact]
    public async Task One_that_its_platform_forgot_is_started_again_and_that_is_no_try()
    {
        Jobs.States["train-001"] = new Queue<JobState>([JobState.Running, JobState.Unknown, JobState.Running]);
        var outcome = await RunAsync(retries: 0);
        Assert.Equal((JobEnd.Succeeded, 1), (outcome.End, outcome.Tries));
        Assert.Equal(["train-001", "train-001"], Jobs.Started);
    }

    [Fact]
    public async Task One_that_is_forgotten_for_ever_fails()
    {
        Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Unknown, 1000));
        var outcome = await RunAsync(retries: 0);
        Assert.Equal("train-001 was lost 21 times; its platform does not know it", outcome.LastFailure!.Message);
    }

    [Fact]
    public async Task Questions_become_rarer_the_longer_it_takes()
    {
        Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 500));
        await RunAsync();
        Assert.Equal(TimeSpan.FromMilliseconds(50), Context.Delays[0]);
        Assert.Equal(TimeSpan.FromSeconds(30), Context.Delays[^1]);
        Assert.Equal(Context.Delays.Order(), Context.Delays);
        Assert.Equal(Context.Calls.Count(call => call.Name == PollJob.Id) - 1, Context.Delays.Count); // one between any two, in whatever history
    }

    [Fact]
    public void Pauses_between_tries_double_up_to_two_minutes()
    {
        Assert.Equal(new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)), JobPipeline.Delays);
    }
}
