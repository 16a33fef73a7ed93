using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Tests.Pipeline.Activities;

public sealed class PollJobTests : ScriptedRuns
{
    private static readonly JobHandle Job = new("run", "train-001", "handle");

    [Theory]
    [InlineData(JobState.Ended)]
    [InlineData(JobState.Unknown)]
    public async Task A_result_that_is_written_while_the_platform_is_asked_counts(JobState state)
    {
        var answer = await PollAsync(new EndingJob(state, () => Store.WriteJsonAsync(
            ArtifactLayout.JobResult(Job.RunId, Job.JobId),
            new JobResult { StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch },
            Cancel)));
        Assert.Equal(state, answer.State);
        Assert.True(answer.Result!.Succeeded);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_running_job_learns_whether_its_run_is_cancelled(bool isCancelled)
    {
        if (isCancelled)
        {
            await new RequestCancel(Store).RunAsync(Job.RunId, Cancel);
        }

        var answer = await PollAsync(new EndingJob(JobState.Running, () => Task.CompletedTask));
        Assert.Equal(new JobAnswer(JobState.Running, CancelRequested: isCancelled), answer);
    }

    private Task<JobAnswer> PollAsync(IJobRunner runner) => new PollJob(Store, runner).RunAsync(Job, Cancel);

    /// <summary>A job that does its last step while its platform is asked.</summary>
    private sealed class EndingJob(JobState state, Func<Task> lastStep) : IJobRunner
    {
        public Task<string> StartAsync(JobKind kind, Uri request, bool isFirst, CancellationToken cancel) => throw new NotSupportedException();

        public async Task<JobState> PollAsync(string handle, CancellationToken cancel)
        {
            await lastStep();
            return state;
        }

        public Task StopAsync(string handle, CancellationToken cancel) => throw new NotSupportedException();
    }
}
