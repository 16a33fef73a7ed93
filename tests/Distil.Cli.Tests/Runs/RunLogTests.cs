using Distil.Cli.Commands;
using Distil.Cli.Tests.Serving;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Runs;

public sealed class RunLogTests(SharedAzurite azurite)
{
    private static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Each_try_of_a_job_and_each_end_of_the_run_is_an_event_in_order_of_time()
    {
        var store = await azurite.NewStoreAsync();
        var failure = new JobFailure(FailureClass.Transient, "the line was cut", "at A\nat B");
        await store.WriteJsonAsync(ArtifactLayout.JobResult("run", "train-001"), Result(failure, 1, 11), Cancel);
        await store.WriteJsonAsync(ArtifactLayout.JobResult("run", "train-001-try-2"), Result(null, 20, 50), Cancel);
        await store.WriteJsonAsync(ArtifactLayout.JobProgress("run", "train-0011"), new JobProgress
        {
            Stage = "train",
            Done = 3,
            Total = 9,
            Unit = "steps",
            At = Start.AddSeconds(60),
        }, Cancel);
        await new RunFolder(store).WriteStatusAsync(
            new RunStatus
            {
                RunId = "run",
                State = RunState.Succeeded,
                StartedAt = Start,
                UpdatedAt = Start.AddSeconds(70),
                Earlier = [new RunEnd(RunState.Failed, Start.AddSeconds(12), failure)],
            }, Cancel);

        var events = await new RunLog(store).ReadAsync("run", job: null, Cancel);
        Assert.Equal(
            [
                "the run starts", "failed after 10.0 s (transient): the line was cut", "the run has failed; it is retried later", "is done after 30.0 s",
                "has 3 of 9 steps", "the run has succeeded",
            ],
            events.Select(each => each.Text));
        Assert.Contains("train-001        failed after", LogsCommand.Text(events), StringComparison.Ordinal);
        Assert.EndsWith("\n    at B", LogsCommand.Text([events[1]]), StringComparison.Ordinal);

        var one = await new RunLog(store).ReadAsync("run", "train-001", Cancel);
        Assert.Equal(["train-001", "train-001-try-2"], one.Select(each => each.Job));
    }

    [Fact]
    public void A_run_without_events_says_so() => Assert.Equal("nothing yet", LogsCommand.Text([]));

    private static JobResult Result(JobFailure? failure, double from, double to) =>
        new() { Failure = failure, StartedAt = Start.AddSeconds(from), EndedAt = Start.AddSeconds(to) };
}
