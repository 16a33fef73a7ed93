using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Pipeline;

public sealed class WatchPipelineTests : ScriptedRuns
{
    [Theory]
    [InlineData(JobState.Ended)]
    [InlineData(JobState.Unknown)]
    public async Task Ends_when_the_platform_no_longer_runs_the_job(JobState state)
    {
        var (answer, context) = await WatchAsync(JobState.Running, state, JobState.Running);
        Assert.Equal(new JobAnswer(state), answer);
        Assert.Single(context.Delays);
    }

    [Fact]
    public async Task Ends_with_the_jobs_own_result()
    {
        var (answer, context) = await WatchAsync(JobState.Running); // the result is written at the second poll and found at the third
        Assert.True(answer.Result!.Succeeded);
        Assert.Equal(2, context.Delays.Count);
    }

    [Fact]
    public async Task Ends_at_once_if_the_run_is_to_be_cancelled()
    {
        await Store.WriteJsonAsync(ArtifactLayout.Cancel("run"), new { }, Cancel);
        var (answer, context) = await WatchAsync(JobState.Running, JobState.Running);
        Assert.Equal(new JobAnswer(JobState.Running, CancelRequested: true), answer);
        Assert.Empty(context.Delays);
    }

    [Fact]
    public async Task Polls_a_hundred_times_and_then_leaves_the_rest_to_a_new_history()
    {
        var (answer, context) = await WatchAsync([.. Enumerable.Repeat(JobState.Running, 200)]);
        Assert.Equal(new JobAnswer(JobState.Running), answer);
        Assert.Equal((100, 99), (context.Calls.Count, context.Delays.Count));
    }

    private async Task<(JobAnswer Answer, InProcessContext Context)> WatchAsync(params JobState[] states)
    {
        var request = ArtifactLayout.JobRequest("run", "train-001");
        await Store.WriteJsonAsync(request, Plans.Request("run", Plans.Artifacts("run").Weights(StudentVariant.Distilled, 0), "train-001"), Cancel);
        Jobs.States["train-001"] = new Queue<JobState>(states);
        var context = new InProcessContext(new ActivityCatalog(Store, Jobs), "run");
        var input = new WatchInput(new JobHandle("run", "train-001", request), new Polling(), context.Now);
        return (await WatchPipeline.RunAsync(context, input), context);
    }
}
