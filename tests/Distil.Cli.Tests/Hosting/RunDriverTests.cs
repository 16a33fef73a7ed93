using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Specialized;
using Distil.Cli.Hosting;
using Distil.Cli.Tests.Engine;
using Distil.Cli.Tests.Serving;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Hosting;

/// <summary>A driver whose lease is broken, as by another process that believes it to be dead.</summary>
public sealed class RunDriverTests(SharedAzurite azurite)
{
    private static readonly PipelineInput Input = new()
    {
        Artifacts = new RunArtifacts(
            "run", new TeacherOutputs("outputs", new Dataset("dataset", Shards: 1)), Offline: true, [StudentVariant.Distilled], Epochs: 1),
        Parallelism = 1,
        Retries = 1,
    };

    private readonly TaskCompletionSource _atWork = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualTime _time = new();
    private int _calls;
    private volatile bool _full;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Takes_its_lost_lease_again_and_drives_the_run_to_its_end()
    {
        var store = await azurite.NewStoreAsync();
        var driver = await BeginAsync(store);
        await BreakAsync(store);
        _time.Advance(TimeSpan.FromSeconds(10)); // the next renewal

        Assert.Equal(RunState.Succeeded, (await driver.Outcome.WaitAsync(TimeSpan.FromMinutes(1), Cancel)).State);
    }

    [Fact]
    public async Task Leaves_the_run_to_the_process_that_took_its_lease()
    {
        var store = await azurite.NewStoreAsync();
        var driver = await BeginAsync(store);
        await BreakAsync(store);
        await using var taken = await Lease.TakeAsync(store, ArtifactLayout.Driver("run"), TimeProvider.System, Cancel);
        _time.Advance(TimeSpan.FromSeconds(10));

        var elsewhere = await Assert.ThrowsAsync<DrivenElsewhereException>(() => driver.Outcome.WaitAsync(TimeSpan.FromMinutes(1), Cancel));
        Assert.Contains(LeaseHolder.Self.ToString(), elsewhere.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Goes_on_from_its_journal_when_a_full_disk_of_the_storage_has_space_again()
    {
        var store = await azurite.NewStoreAsync();
        _full = true; // from the second call on
        var driver = await BeginAsync(store);
        await BreakAsync(store);
        _time.Advance(TimeSpan.FromSeconds(10));
        await _time.WaitForTimerAsync(PausingActivities.BetweenLooks, Cancel);
        Assert.False(driver.Outcome.IsCompleted);
        Assert.StartsWith("paused: ", driver.Latest?.Waiting, StringComparison.Ordinal);

        _full = false;
        _time.Advance(PausingActivities.BetweenLooks);
        Assert.Equal(RunState.Succeeded, (await driver.Outcome.WaitAsync(TimeSpan.FromMinutes(1), Cancel)).State);
        Assert.Null(driver.Latest?.Waiting);
    }

    private static Task BreakAsync(ArtifactStore store) =>
        store.Blob(ArtifactLayout.Driver("run")).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);

    private async Task<RunDriver> BeginAsync(ArtifactStore store)
    {
        var spec = RunSpecReader.Parse(ServedApi.Spec().ToJsonString(), "specification", Environment.CurrentDirectory);
        var plan = await new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System)).PlanAsync(spec, Cancel);
        await new RunFolder(store).CreateAsync(spec, plan with { RunId = "run" }, Cancel);
        var driver = new RunDriver(Input, store, AnswerAsync, Disks.Empty, Disks.Cache, NullLogger.Instance, _time);
        driver.Begin(Cancel);
        await _atWork.Task.WaitAsync(Cancel);
        await _time.WaitForTimerAsync(TimeSpan.FromSeconds(10), Cancel);
        return driver;
    }

    // The first call takes for ever: the lease is lost meanwhile.
    private async Task<JsonElement> AnswerAsync(string activity, JsonElement input, CancellationToken cancel)
    {
        if (Interlocked.Increment(ref _calls) == 1)
        {
            _atWork.SetResult();
            await Task.Delay(Timeout.Infinite, cancel);
        }

        if (_full)
        {
            throw new RequestFailedException(507, "no space is left");
        }

        var done = new JobResult { StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch };
        object answer = activity == StartJob.Id ? new StartOutput(StartState.Ended, Result: done) : activity == FindArtifact.Id;
        return JsonSerializer.SerializeToElement(answer, DistilJson.Options);
    }
}
