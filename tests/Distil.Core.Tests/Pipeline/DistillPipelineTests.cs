using Distil.Core.Artifacts.Kinds;
using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Pipeline;

public sealed class DistillPipelineTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;
    private readonly ScriptedJobs _jobs;

    public DistillPipelineTests()
    {
        _store = _service.OpenStore();
        _jobs = new ScriptedJobs(_store);
    }

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task Prepares_teaches_trains_and_evaluates_each_epoch_and_exports()
    {
        var (outcome, context) = await RunAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(
            ["prepare-00000", "prepare-00001", "teach-00000", "teach-00001", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"],
            _jobs.Started);
        var last = context.Statuses.Last();
        Assert.Equal((RunState.Succeeded, JobKind.Export, 1, 1), (last.State, last.Stage, last.StageDone, last.StageTotal));
        Assert.Empty(last.Jobs);
    }

    [Fact]
    public async Task Closes_the_dataset_and_the_teachers_outputs_over_all_shards()
    {
        await RunAsync();
        var cancel = TestContext.Current.CancellationToken;
        var dataset = await _store.ReadJsonAsync<DatasetManifest>(ArtifactLayout.DatasetManifest("data"), cancel);
        Assert.Equal((2, 20, 200), (dataset.Shards.Count, dataset.TrainRows, dataset.TrainTokens));
        var outputs = await _store.ReadJsonAsync<TeacherOutputsManifest>(ArtifactLayout.TeacherOutputsManifest("outputs"), cancel);
        Assert.Equal((200, 500, 2.5), (outputs.Tokens, outputs.Bytes, outputs.BytesPerToken));
    }

    [Fact]
    public async Task A_second_run_over_the_same_data_starts_training_at_once()
    {
        await RunAsync("first");
        _jobs.Started.Clear();
        await RunAsync("second");
        Assert.Equal("train-001", _jobs.Started[0]);
    }

    [Fact]
    public async Task An_online_teacher_is_not_asked_beforehand()
    {
        await RunAsync(change: spec => spec with { Teacher = spec.Teacher with { Mode = TeacherMode.Online } });
        Assert.DoesNotContain(_jobs.Started, job => job.StartsWith("teach", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_student_without_teacher_is_trained_after_the_distilled_one()
    {
        await RunAsync(change: spec => spec with { Evaluation = new EvaluationSpec { Baseline = true } });
        Assert.Equal(
            ["evaluate-002", "baseline-train-001", "baseline-evaluate-001", "baseline-train-002", "baseline-evaluate-002", "export"],
            _jobs.Started.SkipWhile(job => job != "evaluate-002"));
        var request = await _store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest("run", "baseline-train-002"), TestContext.Current.CancellationToken);
        Assert.Equal((StudentVariant.WithoutTeacher, 1), ((request.Makes as Weights)?.Student, request.Makes.StageEpoch));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_shards_are_at_work_than_allowed(int parallelism)
    {
        await RunAsync(shards: 7, change: spec => spec with { Compute = new ComputeSpec { TeachParallelism = parallelism } });
        Assert.InRange(_jobs.MaxAtWork, 1, parallelism);
        Assert.Equal(7, _jobs.Started.Count(job => job.StartsWith("teach", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stage_of_many_shards_hands_them_out_in_ranges_so_that_its_history_stays_short()
    {
        var (outcome, context) = await RunAsync(shards: 402);
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(402, _jobs.Started.Count(job => job.StartsWith("teach", StringComparison.Ordinal)));
        var ranges = context.SubPipelines.Where(name => name.StartsWith("teach", StringComparison.Ordinal) && name.Contains("-to-")).ToList();
        Assert.Equal(201, ranges.Count);
        Assert.Equal(("teach-00000-to-00001", "teach-00401"), (ranges[0], _jobs.Started.Last(job => job.StartsWith("teach", StringComparison.Ordinal))));
        Assert.Contains(context.Statuses, status => status is { Stage: JobKind.Teach, StageDone: 400, StageTotal: 402 });
    }

    [Fact]
    public async Task Shards_that_are_gone_or_torn_when_the_dataset_is_closed_are_made_again()
    {
        _jobs.OnStart = job =>
        {
            if (job == "prepare-00002")
            {
                _service.Blobs.TryRemove(ArtifactLayout.DatasetShard("data", 0), out _);
                _service.Blobs[ArtifactLayout.DatasetShard("data", 1)] = "{ \"index\":"u8.ToArray();
            }
        };
        Assert.Equal(RunState.Succeeded, (await RunAsync(shards: 3)).Outcome.State);
        Assert.Equal(["prepare-00000-again-1", "prepare-00001-again-1"], _jobs.Started.Where(job => job.Contains("-again-")));
    }

    [Fact]
    public async Task A_torn_manifest_is_made_again()
    {
        await RunAsync("first");
        _service.Blobs[ArtifactLayout.DatasetManifest("data")] = "{ \"vers"u8.ToArray();
        Assert.Equal(RunState.Succeeded, (await RunAsync("second")).Outcome.State);
        await _store.ReadJsonAsync<DatasetManifest>(ArtifactLayout.DatasetManifest("data"), TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task Bad_input_ends_the_run_at_once_with_its_message()
    {
        _jobs.Failures["prepare-00000"] = new JobFailure(FailureClass.InvalidInput, "text.txt: bad");
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Failed, outcome.State);
        Assert.Equal("text.txt: bad", outcome.Failure!.Message);
        Assert.Equal(["prepare-00000"], _jobs.Started);
        Assert.Equal((RunState.Failed, "text.txt: bad"), (context.Statuses.Last().State, context.Statuses.Last().LastFailure!.Message));
    }

    [Fact]
    public async Task A_failure_that_passes_is_seen_in_the_status_and_nowhere_else()
    {
        _jobs.Failures["train-001"] = new JobFailure(FailureClass.OutOfMemory, "memory");
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal((1, "memory"), (context.Statuses.Last().Retries, context.Statuses.Last().LastFailure!.Message));
    }

    [Fact]
    public async Task A_cancelled_run_stops_its_job_and_starts_no_other()
    {
        InProcessContext? context = null;
        _jobs.States["train-001"] = new Queue<JobState>(Enumerable.Repeat(JobState.Running, 100_000));
        _jobs.OnStart = job => Cancel(job);
        var (outcome, _) = await RunAsync(ready: ready => context = ready);

        Assert.Equal(RunState.Cancelled, outcome.State);
        Assert.Equal(["train-001"], _jobs.Stopped);
        Assert.Equal("train-001", _jobs.Started[^1]);
        Assert.Equal(RunState.Cancelled, context!.Statuses.Last().State);

        void Cancel(string job)
        {
            if (job == "train-001")
            {
                context!.Send(DistillPipeline.CancelSignal, "please");
            }
        }
    }

    [Fact]
    public async Task Replayed_from_its_history_it_asks_the_same_and_starts_nothing()
    {
        _jobs.Failures["teach-00001"] = new JobFailure(FailureClass.Transient, "once");
        var (first, context) = await RunAsync();
        var started = _jobs.Started.Count;

        var replay = new InProcessContext(new ActivityCatalog(_store, _jobs), "run") { History = new(context.Calls) };
        var second = await DistillPipeline.RunAsync(replay, Input("run", 2, Spec()));

        Assert.Equal(first.State, second.State);
        Assert.Equal(started, _jobs.Started.Count);
        Assert.Empty(replay.History);
        Assert.Empty(replay.Calls);
        Assert.Equal(context.Statuses.Select(Json), replay.Statuses.Select(Json));
    }

    private static string Json(RunStatus status) => JsonSerializer.Serialize(status, DistilJson.Options);

    private async Task<(RunOutcome Outcome, InProcessContext Context)> RunAsync(
        string runId = "run", int shards = 2, Func<RunSpec, RunSpec>? change = null, Action<InProcessContext>? ready = null)
    {
        var spec = change is null ? Spec() : change(Spec());
        await new RunFolder(_store).CreateAsync(spec, Plans.Of(runId, shards));
        var context = new InProcessContext(new ActivityCatalog(_store, _jobs), runId);
        ready?.Invoke(context);
        return (await DistillPipeline.RunAsync(context, Input(runId, shards, spec)), context);
    }

    private static PipelineInput Input(string runId, int shards, RunSpec spec) => PipelineInput.From(spec, Plans.Of(runId, shards));

    private static RunSpec Spec() => new()
    {
        Name = "a",
        Teacher = new TeacherSpec { Path = "/t" },
        Dataset = new DatasetSpec { Sources = ["/x"] },
        Training = new TrainingSpec { Epochs = 2 },
    };
}
