using System.Text.Json;
using Azure;
using Distil.Cli.Hosting;
using Distil.Cli.Tests.Engine;
using Distil.Cli.Tests.Serving;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Hosting;

/// <summary>A machine whose disk is full for a while.</summary>
public sealed class PausingActivitiesTests(SharedAzurite azurite)
{
    private readonly ManualTime _time = new();
    private readonly List<string?> _said = [];
    private readonly List<string> _called = [];
    private long _free;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_job_waits_for_space_and_says_where_how_much_is_free_and_how_much_is_needed()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var start = await StartAsync(api);
        var starting = Of(api.Store).CallAsync(StartJob.Id, start, Cancel);
        await _time.WaitForTimerAsync(PausingActivities.BetweenLooks, Cancel);
        Assert.Empty(_called);
        Assert.Matches("^paused: prepare-00000: the disk of .* has 0 B free, and up to [0-9.]+ [kM]B are needed$", Assert.Single(_said));

        _free = 1L << 40;
        _time.Advance(PausingActivities.BetweenLooks);
        await starting;

        Assert.Equal([StartJob.Id], _called);
        Assert.Null(_said[^1]);
    }

    [Fact]
    public async Task A_run_that_is_cancelled_meanwhile_waits_no_longer()
    {
        await using var api = await ServedApi.StartAsync(azurite);
        var start = await StartAsync(api);
        var starting = Of(api.Store).CallAsync(StartJob.Id, start, Cancel);
        await _time.WaitForTimerAsync(PausingActivities.BetweenLooks, Cancel);
        await new RequestCancel(api.Store).RunAsync(start.Deserialize<StartInput>(DistilJson.Options)!.Spec.RunId, Cancel);
        _time.Advance(PausingActivities.BetweenLooks);
        await starting;
        Assert.Equal([StartJob.Id], _called);
    }

    [Fact]
    public async Task A_training_does_not_wait_for_the_space_of_a_whole_epoch()
    {
        _free = 1L << 40;
        await using var api = await ServedApi.StartAsync(azurite);
        var run = await api.NewRunAsync();
        var plan = await new RunFolder(api.Store).ReadPlanAsync(run, Cancel);
        var rows = new TokenFile(new ArtifactFile("rows.bin", 1L << 50, new string('0', 64)), Rows: 1, Tokens: 1);
        await api.Store.WriteJsonAsync(plan.Dataset.Closing, new DatasetManifest
        {
            DatasetId = plan.Dataset.Id,
            Shards = [new DatasetShard { Index = 0, Train = rows, Documents = 1, SourceBytes = 1 }],
            TrainRows = 1,
            TrainTokens = 1,
            EvalRows = 0,
            EvalTokens = 0,
        }, Cancel);
        var makes = new RunArtifacts(run, plan.TeacherOutputs, Offline: true, [StudentVariant.Distilled], Epochs: 1).Weights(StudentVariant.Distilled, 0);
        var start = new StartInput(new JobSpec { RunId = run, JobId = "train-001", Makes = makes }, "train-001");

        var starting = Of(api.Store).CallAsync(StartJob.Id, JsonSerializer.SerializeToElement(start, DistilJson.Options), Cancel);
        await Task.WhenAny(starting, _time.WaitForTimerAsync(PausingActivities.BetweenLooks, Cancel));

        Assert.Empty(_said);
        Assert.Equal([StartJob.Id], _called);
    }

    [Theory]
    [InlineData(507)]
    [InlineData(500)] // with a full disk
    public async Task An_activity_whose_storage_is_full_is_called_again_until_there_is_space(int status)
    {
        var failures = 3;
        var pausing = Of(await azurite.NewStoreAsync(), () => failures-- > 0 ? throw new RequestFailedException(status, "no space is left") : true);
        var calling = pausing.CallAsync(PollJob.Id, JsonSerializer.SerializeToElement("x"), Cancel);
        for (var i = 0; i < 3; i++)
        {
            await _time.WaitForTimerAsync(PausingActivities.BetweenLooks, Cancel);
            _time.Advance(PausingActivities.BetweenLooks);
        }

        await calling;
        Assert.Equal(4, _called.Count);
        Assert.Null(_said[^1]);
    }

    [Fact]
    public async Task A_storage_that_fails_with_space_left_is_not_waited_for()
    {
        _free = 1L << 40;
        var pausing = Of(await azurite.NewStoreAsync(), () => throw new RequestFailedException(500, "broken"));
        await Assert.ThrowsAsync<RequestFailedException>(() => pausing.CallAsync(PollJob.Id, JsonSerializer.SerializeToElement("x"), Cancel));
    }

    private PausingActivities Of(ArtifactStore store, Func<bool>? answer = null) => new(
        (name, _, _) =>
        {
            _called.Add(name);
            return Task.FromResult(JsonSerializer.SerializeToElement(answer?.Invoke() ?? true));
        },
        Disks.Of(() => _free), Disks.Cache, store, _said.Add, NullLogger.Instance, _time);

    private static async Task<JsonElement> StartAsync(ServedApi api)
    {
        var run = await api.NewRunAsync();
        var dataset = (await new RunFolder(api.Store).ReadPlanAsync(run, Cancel)).Dataset;
        var spec = new JobSpec { RunId = run, JobId = "prepare-00000", Makes = dataset };
        return JsonSerializer.SerializeToElement(new StartInput(spec, spec.JobId), DistilJson.Options);
    }
}
