using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Engine;

/// <summary>The real pipeline in the embedded engine, over activities that only remember what they were asked.</summary>
public sealed class EmbeddedEngineTests
{
    private readonly ConcurrentQueue<string> started = new();
    private readonly ConcurrentQueue<RunStatus> statuses = new();
    private readonly ConcurrentDictionary<string, int> faults = new();
    private Exception fault = new IOException("the line is bad");
    private string? endless;
    private bool cancelRequested;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Does_every_stage_in_order_and_publishes_how_it_goes()
    {
        var outcome = await RunAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(["prepare-00000", "teach-00000", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"], started);
        Assert.Equal(RunState.Running, statuses.First().State);
        Assert.Equal(RunState.Succeeded, statuses.Last().State);
    }

    [Fact]
    public async Task Calls_an_activity_again_when_it_fails()
    {
        faults[PollJob.Name] = 2;
        Assert.Equal(RunState.Succeeded, (await RunAsync()).State);
    }

    [Fact]
    public async Task Gives_up_an_activity_that_keeps_failing_and_says_why()
    {
        faults[StartJob.Name] = int.MaxValue;
        var outcome = await RunAsync();

        Assert.Equal(RunState.Failed, outcome.State);
        Assert.Equal("the line is bad", outcome.Failure!.Message);
        Assert.Equal(FailureClass.Transient, outcome.Failure.Class);
    }

    [Fact]
    public async Task Calls_no_activity_again_whose_input_is_wrong()
    {
        fault = new InvalidInputException("config.json is not there");
        faults[StartJob.Name] = 1;
        var outcome = await RunAsync();

        Assert.Equal(FailureClass.InvalidInput, outcome.Failure!.Class);
        Assert.Empty(started);
    }

    [Fact]
    public async Task Stopping_cancels_the_run_and_its_job()
    {
        endless = "train-001";
        using var stop = new CancellationTokenSource();
        var running = RunAsync(stop);
        while (!started.Contains(endless))
            await Task.Delay(10, Cancel);

        await stop.CancelAsync();

        Assert.Equal(RunState.Cancelled, (await running).State);
        Assert.Equal(RunState.Cancelled, statuses.Last().State);
        Assert.Equal(endless, started.Last());
    }

    private Task<RunOutcome> RunAsync(CancellationTokenSource? stop = null) =>
        new EmbeddedEngine(AnswerAsync, statuses.Enqueue, TimeProvider.System).RunAsync(
            new PipelineInput
            {
                RunId = "run",
                DatasetId = "dataset",
                TeacherOutputsId = "outputs",
                Shards = 1,
                Offline = true,
                Epochs = 2,
                Students = [StudentVariant.Distilled],
                Parallelism = 1,
                Retries = 0,
                Polling = new Polling { LeastMilliseconds = 1, MostMilliseconds = 5 },
            },
            stop?.Token ?? CancellationToken.None);

    private Task<JsonElement> AnswerAsync(string activity, JsonElement input, CancellationToken cancel)
    {
        if (faults.GetValueOrDefault(activity) > 0)
        {
            faults[activity]--;
            throw fault;
        }

        object answer = activity switch
        {
            FindBlob.Name => false,
            StartJob.Name => Start(input.Deserialize<StartInput>(DistilJson.Options)!),
            PollJob.Name => Poll(input.Deserialize<JobHandle>(DistilJson.Options)!),
            RequestCancel.Name => cancelRequested = true,
            StopJob.Name => true,
            _ => new CompleteOutput(),
        };
        return Task.FromResult(JsonSerializer.SerializeToElement(answer, DistilJson.Options));
    }

    private JobHandle Start(StartInput input)
    {
        started.Enqueue(input.JobId);
        return new JobHandle("run", input.JobId, "handle");
    }

    private JobAnswer Poll(JobHandle job) => job.JobId == endless
        ? new JobAnswer(JobState.Running, CancelRequested: cancelRequested)
        : new JobAnswer(JobState.Ended, new JobResult { StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch });
}
