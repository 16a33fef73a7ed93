using System.Text.Json;
using Distil.Core;
using Distil.Core.Api;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Functions.Hosting;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Whole runs through Durable Task's own engine: replay, sub-orchestrations, timers, events, retries.</summary>
public sealed class DistillOrchestrationTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_does_every_stage_and_both_statuses_say_so()
    {
        await using var durable = await DurableHost.StartAsync();
        await durable.ScheduleAsync("run");
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
        Assert.Equal(
            ["prepare-00000", "prepare-00001", "teach-00000", "teach-00001", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"],
            durable.Jobs.Started);

        var stored = await durable.Runs.TryReadStatusAsync("run", Cancel);
        var custom = JsonSerializer.Deserialize<RunStatus>(
            (await durable.Client.GetInstanceAsync("run", getInputsAndOutputs: true, Cancel))!.SerializedCustomStatus!, DistilJson.Options);
        Assert.Equal((RunState.Succeeded, JobKind.Export, 1), (stored!.State, stored.Stage, stored.StageDone));
        Assert.Equal(JsonSerializer.Serialize(stored, DistilJson.Options), JsonSerializer.Serialize(custom, DistilJson.Options));
    }

    [Fact]
    public async Task Scheduling_again_starts_nothing_while_it_works_and_after_its_end_and_when_it_is_forgotten()
    {
        await using var durable = await DurableHost.StartAsync();
        var input = await durable.ScheduleAsync("run");
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => durable.RunHost.ScheduleAsync(input, Cancel)));
        await durable.EndAsync("run");
        await durable.RunHost.ScheduleAsync(input, Cancel);
        await durable.Client.PurgeInstanceAsync("run", cancellation: Cancel);
        await durable.RunHost.ScheduleAsync(input, Cancel);
        Assert.Null(await durable.Client.GetInstanceAsync("run", Cancel));
        Assert.Equal(durable.Jobs.Started.Distinct(), durable.Jobs.Started);
    }

    [Fact]
    public async Task A_cancelled_run_stops_its_job_and_ends_as_cancelled()
    {
        await using var durable = await DurableHost.StartAsync();
        durable.Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 100_000));
        await durable.ScheduleAsync("run");
        await DurableHost.UntilAsync(() => Task.FromResult(durable.Jobs.Started.Contains("train-001")));
        await durable.RunHost.SignalAsync("run", DistillPipeline.CancelSignal, "asked for", Cancel);
        Assert.Equal(RunState.Cancelled, (await durable.EndAsync("run")).State);
        Assert.Equal(["train-001"], durable.Jobs.Stopped);
        Assert.Equal(RunState.Cancelled, (await durable.Runs.TryReadStatusAsync("run", Cancel))!.State);
        await durable.RunHost.SignalAsync("run", DistillPipeline.CancelSignal, "too late", Cancel);
    }

    [Fact]
    public async Task A_failed_run_that_is_retried_goes_on_from_what_it_has_made()
    {
        await using var durable = await DurableHost.StartAsync();
        durable.Jobs.Failures["train-002"] = new JobFailure(FailureClass.InvalidInput, "no such thing");
        await durable.ScheduleAsync("run");
        Assert.Equal(RunState.Failed, (await durable.EndAsync("run")).State);
        var before = durable.Jobs.Started.Count;

        await new RunRetry(durable.Store).PrepareAsync("run", Cancel);
        await durable.RunHost.RestartAsync(await durable.Runs.ReadInputAsync("run", Cancel), Cancel);

        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
        Assert.Equal(["train-002", "evaluate-002", "export"], durable.Jobs.Started[before..]);
        var status = (await durable.Runs.TryReadStatusAsync("run", Cancel))!;
        Assert.Equal((RunState.Succeeded, "no such thing"), (status.State, Assert.Single(status.Earlier).Failure!.Message));
    }

    [Fact]
    public async Task A_job_that_fails_is_tried_again_and_bad_input_is_not()
    {
        await using var durable = await DurableHost.StartAsync();
        durable.Jobs.Failures["train-001"] = new JobFailure(FailureClass.Preempted, "taken away");
        durable.Jobs.Failures["train-002"] = new JobFailure(FailureClass.InvalidInput, "no such thing");
        await durable.ScheduleAsync("run");
        var outcome = await durable.EndAsync("run");
        Assert.Equal((RunState.Failed, FailureClass.InvalidInput, "no such thing"), (outcome.State, outcome.Failure!.Class, outcome.Failure.Message));
        Assert.Equal(["train-001", "train-001-try-2", "evaluate-001", "train-002"], durable.Jobs.Started[^4..]);
        Assert.Equal(1, (await durable.Runs.TryReadStatusAsync("run", Cancel))!.Retries);
    }

    [Fact]
    public async Task A_run_that_another_version_scheduled_is_shown_as_failed()
    {
        await using var durable = await DurableHost.StartAsync();
        await durable.RunHost.ScheduleAsync(await QuickAsync(durable) with { Version = 1 }, Cancel);
        Assert.Equal(RunState.Failed, (await durable.EndAsync("quick")).State);
        var status = await durable.Runs.TryReadStatusAsync("quick", Cancel);
        Assert.Equal((RunState.Failed, FailureClass.InvalidInput), (status!.State, status.LastFailure!.Class));
        Assert.Contains("version is 1, expected 3", status.LastFailure.Message, StringComparison.Ordinal);
        Assert.Empty(durable.Jobs.Started);
    }

    [Fact]
    public async Task A_job_that_takes_long_is_watched_in_histories_of_their_own()
    {
        await using var durable = await DurableHost.StartAsync();
        durable.Jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 150));
        var quick = new DurableRunHost(durable.Runs, durable.Client) { Polling = new Polling { MinMilliseconds = 1, MaxMilliseconds = 1 } };
        await quick.ScheduleAsync(await QuickAsync(durable), Cancel);
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("quick")).State);
        var watch = await durable.Client.GetInstanceAsync("quick:train-001:train-001-watch-100", Cancel);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, watch!.RuntimeStatus);
    }

    [Fact]
    public async Task A_suspended_run_starts_nothing_until_it_is_resumed()
    {
        await using var durable = await DurableHost.StartAsync();
        durable.Jobs.States["prepare-00000"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 20));
        await durable.ScheduleAsync("run", shards: 1);
        await DurableHost.UntilAsync(() => Task.FromResult(durable.Jobs.Started.Contains("prepare-00000")));
        await durable.Client.SuspendInstanceAsync("run", "a test", Cancel);
        await DurableHost.UntilAsync(async () => (await durable.Client.GetInstanceAsync("run:prepare-00000", Cancel))!.IsCompleted);
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await durable.Client.GetInstanceAsync("run", Cancel))!.RuntimeStatus);
        Assert.Equal(["prepare-00000"], durable.Jobs.Started);
        await durable.Client.ResumeInstanceAsync("run", "a test", Cancel);
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
    }

    // The time between questions is what these tests would wait for.
    private static async Task<PipelineInput> QuickAsync(DurableHost durable)
    {
        var spec = new RunSpec
        {
            Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] }, Training = new TrainingSpec { Epochs = 1 },
        };
        var plan = Core.Tests.Pipeline.Plans.Of("quick", 1);
        await durable.Runs.CreateAsync(spec, plan, Cancel);
        return PipelineInput.From(spec, plan);
    }
}
