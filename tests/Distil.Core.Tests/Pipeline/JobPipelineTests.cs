using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Core.Tests.Pipeline;

/// <summary>How a job ends, and when it is tried again.</summary>
public sealed class JobPipelineTests : ScriptedJobPipeline
{
    [Fact]
    public async Task The_jobs_own_result_outranks_its_platform()
    {
        // The platform says Running to the end.
        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Succeeded, 1), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task A_job_that_ended_in_an_earlier_life_is_not_started_again()
    {
        await RunAsync();
        Jobs.Started.Clear();
        Assert.Equal(JobEnd.Succeeded, (await RunAsync()).End);
        Assert.Empty(Jobs.Started);
    }

    [Theory]
    [InlineData(FailureClass.InvalidInput, 1, JobEnd.Failed)]
    [InlineData(FailureClass.OutOfMemory, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.Preempted, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.DiskFull, 2, JobEnd.Succeeded)]
    [InlineData(FailureClass.Transient, 2, JobEnd.Succeeded)]
    public async Task Its_failures_class_says_whether_it_is_tried_again(FailureClass failure, int tries, JobEnd end)
    {
        Jobs.Failures["train-001"] = new JobFailure(failure, "why");
        var outcome = await RunAsync();
        Assert.Equal((end, tries, "why"), (outcome.End, outcome.Tries, outcome.LastFailure!.Message));
        Assert.Equal(tries - 1, Context.Delays.Count(delay => delay == JobPipeline.Delays.DelayAfter(1, "train-001")));
    }

    [Fact]
    public async Task Tries_are_bounded_and_each_has_its_own_request()
    {
        foreach (var id in new[] { "train-001", "train-001-try-2", "train-001-try-3" })
        {
            Jobs.Failures[id] = new JobFailure(FailureClass.Transient, id);
        }

        var outcome = await RunAsync(retries: 2);

        Assert.Equal((JobEnd.Failed, 3, "train-001-try-3"), (outcome.End, outcome.Tries, outcome.LastFailure!.Message));
        Assert.Equal(["train-001", "train-001-try-2", "train-001-try-3"], Jobs.Started);
    }

    [Fact]
    public async Task One_that_ends_without_a_result_was_taken_away()
    {
        Jobs.States["train-001"] = new Queue<JobState>([JobState.Running, JobState.Ended]);
        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Succeeded, 2, FailureClass.Preempted), (outcome.End, outcome.Tries, outcome.LastFailure!.Class));
    }

    [Theory]
    [InlineData(null, "taken away")]
    [InlineData("the platform says Failed; its log: https://log.example", "taken away (the platform says Failed; its log: https://log.example)")]
    public async Task Its_failure_has_what_its_platform_says(string? says, string end)
    {
        Jobs.States["train-001"] = new Queue<JobState>([JobState.Ended]);
        Jobs.EndSays = says;
        Assert.EndsWith(end, (await RunAsync()).LastFailure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_that_is_taken_away_goes_on_more_often_than_one_that_fails()
    {
        foreach (var id in Enumerable.Range(1, 10).Select(number => JobId.Try("train-001", number)))
        {
            Jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        var outcome = await RunAsync(retries: 0);
        Assert.Equal((JobEnd.Succeeded, 11), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task One_that_is_taken_away_for_ever_fails()
    {
        foreach (var id in Enumerable.Range(1, 100).Select(number => JobId.Try("train-001", number)))
        {
            Jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        var outcome = await RunAsync();
        Assert.Equal((JobEnd.Failed, 11), (outcome.End, outcome.Tries));
    }

    [Fact]
    public async Task No_job_of_a_cancelled_run_is_started()
    {
        await Store.WriteJsonAsync(ArtifactLayout.Cancel("run"), new { }, TestContext.Current.CancellationToken);
        Assert.Equal(JobEnd.Cancelled, (await RunAsync()).End);
        Assert.Empty(Jobs.Started);
        Assert.Empty(Jobs.Stopped);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_between_two_tries_does_not_wait_for_the_second()
    {
        foreach (var id in Enumerable.Range(1, 5).Select(number => JobId.Try("train-001", number)))
        {
            Jobs.Failures[id] = new JobFailure(FailureClass.Preempted, id);
        }

        // Delays of at most 1, 2, 4, 8 and 16 s and at least half of that, the longer ones in parts of 4 s: the second such part is in the last delay.
        var part = TimeSpan.FromSeconds(4);
        var parts = 0;
        Context.OnDelay = delay => delay == part && ++parts == 2
            ? Store.WriteJsonAsync(ArtifactLayout.Cancel("run"), new { }, TestContext.Current.CancellationToken)
            : Task.CompletedTask;

        var outcome = await RunAsync();

        Assert.Equal((JobEnd.Cancelled, 5), (outcome.End, outcome.Tries));
        Assert.Equal(("train-001-try-5", 2), (Jobs.Started[^1], parts));
        Assert.All(Context.Delays, delay => Assert.True(delay <= part));
    }
}
