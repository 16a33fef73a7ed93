using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Pipeline;

public sealed class CancellingTests : ScriptedRuns
{
    [Fact]
    public async Task A_cancelled_run_stops_its_job_and_starts_no_other()
    {
        Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 100_000));
        var (outcome, context) = await RunAsync(ready: SendWhenTrainingStarts);

        Assert.Equal(RunState.Cancelled, outcome.State);
        Assert.Equal(["train-001"], Jobs.Stopped);
        Assert.Equal("train-001", Jobs.Started[^1]);
        Assert.Equal(RunState.Cancelled, context.Statuses.Last().State);
    }

    [Fact]
    public async Task A_cancellation_that_cannot_be_stored_is_reported_and_the_run_continues()
    {
        var failure = new JobFailure(FailureClass.Transient, "storage does not answer");
        var (outcome, context) = await RunAsync(ready: run =>
        {
            run.Failing[RequestCancel.Id] = failure;
            SendWhenTrainingStarts(run);
        });
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal((RunState.Succeeded, failure), (context.Statuses.Last().State, context.Statuses.Last().LastFailure));
        Assert.Empty(Jobs.Stopped);
    }

    private void SendWhenTrainingStarts(InProcessContext run) => Jobs.OnStart = job =>
    {
        if (job == "train-001")
        {
            run.Send(DistillPipeline.CancelSignal, "please");
        }
    };
}
