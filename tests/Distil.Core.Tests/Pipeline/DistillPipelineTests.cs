using System.Text.Json;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Pipeline;

public sealed class DistillPipelineTests : ScriptedRuns
{
    [Fact]
    public async Task Prepares_teaches_trains_and_evaluates_each_epoch_and_exports()
    {
        var (outcome, context) = await RunAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(
            ["prepare-00000", "prepare-00001", "teach-00000", "teach-00001", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"],
            Jobs.Started);
        var (first, last) = (context.Statuses.First(), context.Statuses.Last());
        Assert.Equal((RunState.Running, (JobKind?)null), (first.State, first.Stage));
        Assert.Equal((RunState.Succeeded, JobKind.Export, 1, 1), (last.State, last.Stage, last.StageDone, last.StageTotal));
        Assert.Empty(last.Jobs);
    }

    [Fact]
    public async Task A_second_run_over_the_same_data_starts_training_at_once()
    {
        await RunAsync("first");
        Jobs.Started.Clear();
        await RunAsync("second");
        Assert.Equal("train-001", Jobs.Started[0]);
    }

    [Fact]
    public async Task An_online_teacher_is_not_asked_beforehand()
    {
        await RunAsync(change: spec => spec with { Teacher = spec.Teacher with { Mode = TeacherMode.Online } });
        Assert.DoesNotContain(Jobs.Started, job => job.StartsWith("teach", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_student_without_teacher_is_trained_after_the_distilled_one()
    {
        await RunAsync(change: spec => spec with { Evaluation = new EvaluationSpec { Baseline = true } });
        Assert.Equal(
            ["evaluate-002", "baseline-train-001", "baseline-evaluate-001", "baseline-train-002", "baseline-evaluate-002", "export"],
            Jobs.Started.SkipWhile(job => job != "evaluate-002"));
        var request = await Store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest("run", "baseline-train-002"), Cancel);
        Assert.Equal((StudentVariant.WithoutTeacher, 1), ((request.Makes as Weights)?.Student, request.Makes.StageEpoch));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task No_more_shards_are_at_work_than_allowed(int parallelism)
    {
        await RunAsync(shards: 7, change: spec => spec with { Compute = new ComputeSpec { TeachParallelism = parallelism } });
        Assert.InRange(Jobs.MaxAtWork, 1, parallelism);
        Assert.Equal(7, Jobs.Started.Count(job => job.StartsWith("teach", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stage_of_many_shards_hands_them_out_in_ranges_so_that_its_history_stays_short()
    {
        var (outcome, context) = await RunAsync(shards: 402);
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(402, Jobs.Started.Count(job => job.StartsWith("teach", StringComparison.Ordinal)));
        var ranges = context.SubPipelines.Where(name => name.StartsWith("teach", StringComparison.Ordinal) && name.Contains("-to-")).ToList();
        Assert.Equal(201, ranges.Count);
        Assert.Equal(("teach-00000-to-00001", "teach-00401"), (ranges[0], Jobs.Started.Last(job => job.StartsWith("teach", StringComparison.Ordinal))));
        Assert.Contains(context.Statuses, status => status is { Stage: JobKind.Teach, StageDone: 400, StageTotal: 402 });
    }

    [Fact]
    public async Task Bad_input_ends_the_run_at_once_with_its_message()
    {
        Jobs.Failures["prepare-00000"] = new JobFailure(FailureClass.InvalidInput, "text.txt: bad");
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Failed, outcome.State);
        Assert.Equal("text.txt: bad", outcome.Failure!.Message);
        Assert.Equal(["prepare-00000"], Jobs.Started);
        Assert.Equal((RunState.Failed, "text.txt: bad"), (context.Statuses.Last().State, context.Statuses.Last().LastFailure!.Message));
    }

    [Fact]
    public async Task After_a_failure_no_further_shard_is_started()
    {
        Jobs.Failures["prepare-00000"] = new JobFailure(FailureClass.InvalidInput, "text.txt: bad");
        await RunAsync(shards: 100, change: spec => spec with { Compute = new ComputeSpec { TeachParallelism = 2 } });
        Assert.DoesNotContain("prepare-00099", Jobs.Started);
    }

    [Fact]
    public async Task A_failure_that_passes_is_seen_in_the_status_and_nowhere_else()
    {
        Jobs.Failures["train-001"] = new JobFailure(FailureClass.OutOfMemory, "memory");
        var (outcome, context) = await RunAsync();
        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal((1, "memory"), (context.Statuses.Last().Retries, context.Statuses.Last().LastFailure!.Message));
    }

    [Fact]
    public async Task The_status_reports_the_latest_failure()
    {
        Jobs.Failures["train-001"] = new JobFailure(FailureClass.OutOfMemory, "first");
        Jobs.Failures["evaluate-001"] = new JobFailure(FailureClass.Transient, "second");
        var (_, context) = await RunAsync();
        Assert.Equal((2, "second"), (context.Statuses.Last().Retries, context.Statuses.Last().LastFailure!.Message));
    }

    [Fact]
    public async Task Replayed_from_its_history_it_asks_the_same_and_starts_nothing()
    {
        Jobs.Failures["teach-00001"] = new JobFailure(FailureClass.Transient, "once");
        var (first, context) = await RunAsync();
        var started = Jobs.Started.Count;

        var replay = new InProcessContext(new ActivityCatalog(Store, Jobs), "run") { History = new(context.Calls) };
        var second = await DistillPipeline.RunAsync(replay, Input("run", 2, Spec()));

        Assert.Equal(first.State, second.State);
        Assert.Equal(started, Jobs.Started.Count);
        Assert.Empty(replay.History);
        Assert.Empty(replay.Calls);
        Assert.Equal(context.Statuses.Select(Json), replay.Statuses.Select(Json));
    }

    private static string Json(RunStatus status) => JsonSerializer.Serialize(status, DistilJson.Options);
}
