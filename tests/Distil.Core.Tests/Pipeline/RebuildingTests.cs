using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

/// <summary>Inputs that a job finds missing: the pipeline has them rebuilt by the job that makes them, reports it and continues.</summary>
public sealed class RebuildingTests : IAsyncLifetime
{
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;
    private readonly ScriptedJobs _jobs;

    public RebuildingTests()
    {
        _store = _service.OpenStore();
        _jobs = new ScriptedJobs(_store);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        var spec = new RunSpec { Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] } };
        await new RunFolder(_store).CreateAsync(spec, Plans.Of("run", 2));
    }

    public ValueTask DisposeAsync()
    {
        _service.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task A_missing_checkpoint_is_trained_by_a_train_job_and_then_evaluated()
    {
        _jobs.Missing["evaluate-001"] = [Weights(0)];
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(["train-001", "evaluate-001", "train-001-again-1", "evaluate-001-again-1", "train-002"], _jobs.Started.Skip(4).Take(5));
        Assert.True((await RequestAsync("train-001-again-1")).Rebuild);
        Assert.False((await RequestAsync("evaluate-001-again-1")).Rebuild);

        var during = context.Statuses.Where(status => status.Jobs.Contains("train-001-again-1")).ToList();
        Assert.NotEmpty(during);
        Assert.All(during, status => Assert.Equal((JobKind.Train, 0, 1, 0), (status.Stage, status.StageDone, status.StageTotal, status.Epoch)));
        Assert.All(during, status => Assert.Equal(
            new Rebuilding("runs/run/checkpoints/epoch-001/", "evaluate-001: an input is missing"), Assert.Single(status.Rebuilding)));
        Assert.All(context.Statuses.Where(status => status.Jobs.Contains("evaluate-001-again-1")), status => Assert.Equal(
            (JobKind.Evaluate, 0), (status.Stage, status.Rebuilding.Count)));
        Assert.Empty(context.Statuses.Last().Rebuilding);
    }

    [Fact]
    public async Task Rebuilding_goes_back_as_far_as_inputs_are_missing()
    {
        _jobs.Missing["evaluate-002"] = [Weights(1)];
        _jobs.Missing["train-002-again-1"] = [Weights(0)];
        _jobs.Missing["train-001-again-1"] = [new MissingInput(Artifacts.TeacherOutputs, 1)];
        _jobs.Missing["teach-00001-again-1"] = [new MissingInput(Artifacts.Dataset, 1)];
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(
            ["prepare-00001-again-1", "teach-00001-again-2", "train-001-again-2", "train-002-again-2", "evaluate-002-again-1", "export"],
            _jobs.Started.SkipWhile(job => job != "prepare-00001-again-1"));
        Assert.Equal(4, context.Statuses.Max(status => status.Rebuilding.Count));
        Assert.All(context.Statuses.Where(status => status.Jobs.Contains("prepare-00001-again-1")), status => Assert.Equal(JobKind.Prepare, status.Stage));
    }

    [Fact]
    public async Task A_part_is_rebuilt_twice_in_a_run_and_then_the_run_fails_and_names_it()
    {
        foreach (var job in new[] { "evaluate-001", "evaluate-001-again-1", "evaluate-001-again-2" })
        {
            _jobs.Missing[job] = [Weights(0)];
        }

        var (outcome, context) = await RunAsync();

        Assert.Equal((RunState.Failed, FailureClass.Transient), (outcome.State, outcome.Failure!.Class));
        Assert.Equal(
            "runs/run/checkpoints/epoch-001/: was rebuilt 2 times and is missing or damaged each time (evaluate-001-again-2: an input is missing)",
            outcome.Failure.Message);
        Assert.Equal(outcome.Failure, context.Statuses.Last().LastFailure);
        Assert.Equal(2, _jobs.Started.Count(job => job.StartsWith("train-001-again", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_manifest_that_is_missing_for_ever_fails_the_run_too()
    {
        foreach (var (job, shard) in new[] { ("train-001", 0), ("train-001-again-1", 1), ("train-001-again-2", 0) })
        {
            _jobs.Missing[job] = [new MissingInput(Artifacts.Dataset), new MissingInput(Artifacts.Dataset, shard)];
        }

        var (outcome, _) = await RunAsync();
        Assert.StartsWith("datasets/data/manifest.json: was rebuilt 2 times", outcome.Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_missing_parts_are_rebuilt_at_once_as_far_as_the_run_allows_and_the_manifest_follows()
    {
        var shards = Enumerable.Range(0, 6).ToList();
        await new RunFolder(_store).CreateAsync(Spec(3), Plans.Of("wide", 6), Cancel);
        _jobs.Missing["train-001"] = [.. shards.Select(shard => new MissingInput(Plans.Artifacts("wide", 6).TeacherOutputs, shard))];
        _jobs.OnStart = job =>
        {
            if (job == "train-001")
            {
                _service.Blobs.TryRemove(ArtifactLayout.TeacherOutputsManifest("outputs"), out _);
            }
        };
        var (outcome, _) = await RunAsync("wide", 6, parallelism: 3);
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(shards.Select(shard => $"teach-{shard:00000}-again-1"),
            _jobs.Started.Where(job => job.EndsWith("-again-1", StringComparison.Ordinal) && job.StartsWith("teach", StringComparison.Ordinal)).Order());
        Assert.InRange(_jobs.MaxAtWork, 1, 3);
        await _store.ReadJsonAsync<TeacherOutputsManifest>(ArtifactLayout.TeacherOutputsManifest("outputs"), Cancel);
    }

    [Fact]
    public async Task A_range_of_shards_continues_behind_the_one_that_missed_an_input()
    {
        await new RunFolder(_store).CreateAsync(Spec(1), Plans.Of("wide", 402), Cancel); // ranges of two
        _jobs.Missing["teach-00000"] = [new MissingInput(Plans.Artifacts("wide", 402).Dataset, 0)];
        _jobs.Missing["teach-00005"] = [new MissingInput(Plans.Artifacts("wide", 402).Dataset, 5)]; // the last of its range
        var (outcome, context) = await RunAsync("wide", 402);
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(
            ["teach-00000", "prepare-00000-again-1", "teach-00000-again-1", "teach-00001", "teach-00002"],
            _jobs.Started.SkipWhile(job => job != "teach-00000").Take(5));
        Assert.Equal(
            ["teach-00004", "teach-00005", "prepare-00005-again-1", "teach-00005-again-1", "teach-00006"],
            _jobs.Started.SkipWhile(job => job != "teach-00004").Take(5));
        Assert.Contains(context.Statuses, status => status is { Stage: JobKind.Teach, StageDone: 402, StageTotal: 402 });
        Assert.DoesNotContain(context.Statuses, status => status.StageDone > status.StageTotal);
    }

    [Fact]
    public async Task Replayed_from_its_history_a_rebuild_asks_the_same_and_starts_nothing()
    {
        _jobs.Missing["evaluate-002"] = [Weights(1), new MissingInput(Artifacts.Dataset, 0)];
        var (first, context) = await RunAsync();
        var started = _jobs.Started.Count;

        var replay = new InProcessContext(new ActivityCatalog(_store, _jobs), "run") { History = new(context.Calls) };
        var second = await DistillPipeline.RunAsync(replay, Input(Artifacts, 1));

        Assert.Equal(first.State, second.State);
        Assert.Equal(started, _jobs.Started.Count);
        Assert.Empty(replay.History);
        Assert.Empty(replay.Calls);
        Assert.Equal(context.Statuses.Select(Json), replay.Statuses.Select(Json));
    }

    private static string Json(RunStatus status) => JsonSerializer.Serialize(status, DistilJson.Options);

    private static RunArtifacts Artifacts => Plans.Artifacts("run", 2);

    private static MissingInput Weights(int epoch) => new(Artifacts.Weights(StudentVariant.Distilled, epoch), 0);

    private static PipelineInput Input(RunArtifacts artifacts, int parallelism) => new() { Artifacts = artifacts, Parallelism = parallelism, Retries = 0 };

    private static RunSpec Spec(int parallelism) => new()
    {
        Name = "a",
        Teacher = new TeacherSpec { Path = "/t" },
        Dataset = new DatasetSpec { Sources = ["/x"] },
        Compute = new ComputeSpec { TeachParallelism = parallelism },
    };

    private Task<JobRequest> RequestAsync(string job) => _store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest("run", job), Cancel);

    private async Task<(RunOutcome Outcome, InProcessContext Context)> RunAsync(string runId = "run", int shards = 2, int parallelism = 1)
    {
        var context = new InProcessContext(new ActivityCatalog(_store, _jobs), runId);
        return (await DistillPipeline.RunAsync(context, Input(Plans.Artifacts(runId, shards), parallelism)), context);
    }
}
