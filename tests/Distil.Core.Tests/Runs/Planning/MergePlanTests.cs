using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Plans of runs that merge students of other runs.</summary>
public sealed class MergePlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public MergePlanTests()
    {
        _store = _service.OpenStore();
        TinyTeacher.Write(Path.Combine(_folder.Path, "teacher"));
        TinyTeacher.Write(Path.Combine(_folder.Path, "other"), fill: 1);
        foreach (var text in (string[])["a", "b"])
        {
            _folder.Write($"{text}.txt", string.Join('\n', Enumerable.Repeat($"Once upon a time {text}", 200)));
        }
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _service.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Experts_have_the_identities_of_their_weights_and_shares_that_add_up_to_1()
    {
        var (a, b) = (await ExpertAsync(Linearised("a")), await ExpertAsync(Linearised("b")));
        var plan = await PlanAsync(Merging(Linearised("a"), (a.RunId, 0.25), (b.RunId, 0.75)));

        Assert.Equal([new(a.RunId, 1, IdentityOf(Linearised("a"), a), 0.25), new(b.RunId, 1, IdentityOf(Linearised("b"), b), 0.75)], plan.Experts!);
        Assert.Equal((0, 0, 1), (plan.Steps.Value, plan.TeacherOutputsBytes.Value, plan.Epochs));
        Assert.Equal([0.5, 0.5], (await PlanAsync(Merging(Linearised("a"), (a.RunId, null), (b.RunId, null)))).Experts!.Select(expert => expert.Share));
        Assert.NotEqual(Identities.Merged(plan.Experts!), Identities.Merged([.. plan.Experts!.Select(expert => expert with { Share = 0.5 })]));
        Assert.NotEqual(Identities.Merged(plan.Experts!), Identities.Merged([.. plan.Experts!.Select(expert => expert with { Identity = "other" })]));
    }

    [Fact]
    public async Task A_merged_student_can_be_merged_again()
    {
        var (a, b) = (await ExpertAsync(Linearised("a")), await ExpertAsync(Linearised("b")));
        var both = await ExpertAsync(Merging(Linearised("a"), (a.RunId, null), (b.RunId, null)));
        var plan = await PlanAsync(Merging(Linearised("a"), (both.RunId, null), (a.RunId, null)));
        Assert.Equal((0, Identities.Merged(both.Experts!)), (plan.Experts![0].Epoch, plan.Experts[0].Identity));
    }

    [Fact]
    public async Task Students_of_other_lengths_of_row_and_other_trainings_can_be_merged()
    {
        var spec = Linearised("b");
        var other = await ExpertAsync(spec with
        {
            Seed = 7, Dataset = spec.Dataset with { ContextLength = 32 }, Training = new() { Epochs = 3, Stages = new() { Alignment = new() { Share = 0.5 } } },
        });
        Assert.Equal(2, (await PlanAsync(Merging(spec, (other.RunId, null), ((await ExpertAsync(spec)).RunId, null)))).Experts!.Count);
    }

    [Fact]
    public async Task What_cannot_be_merged_is_refused_with_its_reason()
    {
        var good = (await ExpertAsync(Linearised("a"))).RunId;
        await RefusesAsync("no-run", "which is no run in", good);
        await RefusesAsync((await ExpertAsync(Linearised("b"), RunState.Failed)).RunId, "which is failed; expected a run that has succeeded", good);
        await RefusesAsync((await ExpertAsync(Xlstm("b"))).RunId, "whose student.kind is xlstm; expected linearised, this specification's", good);
        await RefusesAsync((await ExpertAsync(Student(spec => spec with { Window = 4 }))).RunId, "whose student has window 4; expected 8", good);
        await RefusesAsync(
            (await ExpertAsync(Student(spec => spec with { Gates = new() { Output = 1 } }))).RunId, "whose student has gates {", good);
        await RefusesAsync((await ExpertAsync(Linearised("b") with { Teacher = new() { Path = Path.Combine(_folder.Path, "other") } })).RunId, "other has other files; expected a student of", good);
        var gone = await ExpertAsync(Linearised("b"));
        foreach (var blob in _service.Blobs.Keys.Where(blob => blob.StartsWith(ArtifactLayout.Checkpoints(gone.RunId, StudentVariant.Distilled), StringComparison.Ordinal)))
        {
            _service.Blobs.TryRemove(blob, out _);
        }

        await RefusesAsync(gone.RunId, "whose weights are gone:", good);
    }

    [Fact]
    public async Task Blocks_that_began_as_other_random_numbers_are_refused()
    {
        var (first, second) = (await ExpertAsync(Xlstm("a")), await ExpertAsync(Xlstm("b") with { Seed = 2 }));
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(Merging(Xlstm("a"), (first.RunId, null), (second.RunId, null))));
        Assert.Contains("whose seed is 2; expected 1, the first expert's", error.Message, StringComparison.Ordinal);
        Assert.Equal(2, (await PlanAsync(Merging(Xlstm("a"), (first.RunId, null), ((await ExpertAsync(Xlstm("b"))).RunId, null)))).Experts!.Count);
    }

    [Fact]
    public async Task Every_expert_that_cannot_be_merged_is_named()
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(Merging(Linearised("a"), ("one", null), ("two", null))));
        Assert.Equal(["/merge/experts/0/run", "/merge/experts/1/run"], error.Errors.Select(each => each.Pointer));
    }

    [Fact]
    public async Task Without_a_storage_there_are_no_experts() => Assert.Contains(
        "merge: needs the storage in which its experts are",
        (await Assert.ThrowsAsync<InvalidInputException>(() => Planner.PlanAsync(Merging(Linearised("a"), ("one", null), ("two", null)), Cancel))).Message);

    private static RunPlanner Planner => new(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System));

    private Task<RunPlan> PlanAsync(RunSpec spec) => Planner.PlanAsync(spec, _store, Cancel);

    private async Task RefusesAsync(string expert, string reason, string good)
    {
        var error = Assert.Single((await Assert.ThrowsAsync<InvalidInputException>(() => PlanAsync(Merging(Linearised("a"), (good, null), (expert, null))))).Errors);
        Assert.Equal("/merge/experts/1/run", error.Pointer);
        Assert.StartsWith($"merge.experts[1].run is {expert}, ", error.Message, StringComparison.Ordinal);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
    }

    /// <summary>Stores a run that has ended, with a checkpoint of its last epoch's end.</summary>
    private async Task<RunPlan> ExpertAsync(RunSpec spec, RunState state = RunState.Succeeded)
    {
        var plan = await PlanAsync(spec);
        var runs = new RunFolder(_store);
        await runs.CreateAsync(spec, plan, Cancel);
        await runs.WriteStatusAsync(new RunStatus { RunId = plan.RunId, State = state, StartedAt = default, UpdatedAt = default }, Cancel);
        await new CheckpointStore(_store, plan.ArtifactsOf(spec).Weights(StudentVariant.Distilled, plan.Epochs - 1)).SaveAsync(1, endOfEpoch: true, [], Cancel);
        return plan;
    }

    private static string IdentityOf(RunSpec spec, RunPlan plan) =>
        Identities.Weights(spec, plan.Student, plan.Linearised, plan.DatasetId, plan.TeacherOutputsId, StudentVariant.Distilled);

    private static RunSpec Merging(RunSpec student, params (string Run, double? Weight)[] experts) => student with
    {
        Seed = 3, Distillation = new(), Training = new() { Epochs = 1 },
        Merge = new() { Experts = [.. experts.Select(expert => new ExpertSpec { Run = expert.Run, Weight = expert.Weight })] },
    };

    private RunSpec Student(Func<StudentSpec, StudentSpec> change) => Linearised("b") with { Student = change(Linearised("b").Student) };

    private RunSpec Linearised(string text) => Xlstm(text) with { Student = new() { Kind = StudentKind.Linearised, Window = 8 } };

    private RunSpec Xlstm(string text) => new()
    {
        Name = text,
        Teacher = new() { Path = Path.Combine(_folder.Path, "teacher") },
        Dataset = new() { Sources = [Path.Combine(_folder.Path, $"{text}.txt")], ContextLength = 64 },
        Training = new() { Epochs = 2 },
    };
}
