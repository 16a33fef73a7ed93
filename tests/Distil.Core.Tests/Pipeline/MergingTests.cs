using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Pipeline;

/// <summary>Runs that merge students of other runs instead of training one.</summary>
public sealed class MergingTests : ScriptedRuns
{
    private static readonly Expert[] Experts = [new("a", 1, "hash of a", 0.25), new("b", 0, "hash of b", 0.75)];

    [Fact]
    public async Task Makes_the_weights_by_a_merge_job_evaluates_them_once_and_exports()
    {
        var (outcome, statuses) = await MergeAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(["prepare-00000", "merge", "evaluate-001", "export"], Jobs.Started);
        var request = await Store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest("run", "merge"), Cancel);
        Assert.Equal((JobKind.Merge, 2), (request.Kind, (await JobDefinition.ReadAsync(Store, request, Cancel)).Spec.Merge!.Experts.Count));
        Assert.Equal(Experts, Assert.IsType<Weights>(request.Makes).Run.Experts!);
        Assert.Contains(statuses, status => status is { Stage: JobKind.Merge, Epoch: null, StageTotal: 1 });
    }

    [Fact]
    public async Task A_merged_student_that_is_damaged_is_merged_again()
    {
        Jobs.Missing["evaluate-001"] = [new MissingInput(Plan().ArtifactsOf(Merging()).Weights(StudentVariant.Distilled, 0), 0)];
        Assert.Equal(RunState.Succeeded, (await MergeAsync()).Outcome.State);
        Assert.Equal(["merge", "evaluate-001", "merge-again-1", "evaluate-001-again-1", "export"], Jobs.Started.Skip(1));
        Assert.True((await Store.ReadJsonAsync<JobRequest>(ArtifactLayout.JobRequest("run", "merge-again-1"), Cancel)).Rebuild);
    }

    private static RunPlan Plan() => Plans.Of("run", 1) with { Epochs = 1, Experts = Experts };

    private static RunSpec Merging() => Spec() with
    {
        Training = new() { Epochs = 1 }, Merge = new() { Experts = [new() { Run = "a", Weight = 0.25 }, new() { Run = "b", Weight = 0.75 }] },
    };

    private async Task<(RunOutcome Outcome, IReadOnlyList<RunStatus> Statuses)> MergeAsync()
    {
        await new RunFolder(Store).CreateAsync(Merging(), Plan(), Cancel);
        var context = new InProcessContext(new ActivityCatalog(Store, Jobs), "run");
        return (await DistillPipeline.RunAsync(context, PipelineInput.From(Merging(), Plan())), [.. context.Statuses]);
    }
}
