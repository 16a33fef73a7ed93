using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Finds the students that a run merges, and refuses those whose mean would mean nothing: of another kind, shape, teacher or start.</summary>
/// <param name="store">The storage of their runs.</param>
internal sealed class ExpertFinder(ArtifactStore store)
{
    private static readonly FieldPath Experts = FieldPath.Parse("merge.experts");
    private readonly RunFolder _runs = new(store);

    /// <summary>Finds the experts of a specification.</summary>
    /// <param name="spec">A specification that merges.</param>
    /// <param name="student">Its student.</param>
    /// <param name="teacher">The identities of its teacher's files.</param>
    /// <param name="cancel">Cancels the search.</param>
    /// <exception cref="InvalidInputException">One cannot be merged with the others; every reason is in <see cref="InvalidInputException.Errors"/>.</exception>
    public async Task<IReadOnlyList<Expert>> FindAsync(RunSpec spec, PlannedStudent student, IReadOnlyList<string> teacher, CancellationToken cancel)
    {
        var (found, faults) = (new List<Expert>(), new List<FieldError>());
        var asked = spec.Merge!.Experts;
        var total = asked.Sum(expert => expert.Weight ?? 1);
        int? seed = null;
        for (var i = 0; i < asked.Count; i++)
        {
            var run = asked[i].Run;
            var (state, definition) = await ReadAsync(run, cancel);
            var fault = definition is not { } expert
                ? $"which is {state}; expected a run that has succeeded"
                : FaultOf(expert, spec, student, teacher) ?? FaultOfSeed(expert.Spec, seed) ?? await FaultOfWeightsAsync(Of(run, expert, 1), cancel);
            if (fault is not null)
            {
                faults.Add(FieldError.Of(Experts.Item(i).Field("run"), $"is {run}, {fault}"));
                continue;
            }

            seed ??= definition!.Value.Spec.Seed;
            found.Add(Of(run, definition!.Value, (asked[i].Weight ?? 1) / total));
        }

        return faults.Count == 0 ? found : throw new InvalidInputException("specification", faults);
    }

    private async Task<(string State, (RunSpec Spec, RunPlan Plan)? Definition)> ReadAsync(string run, CancellationToken cancel) =>
        await _runs.FindStatusAsync(run, cancel) is not { } status ? ($"no run in {store.Uri}", null)
        : status.State != RunState.Succeeded ? (DistilJson.Word(status.State), null)
        : (DistilJson.Word(status.State), await _runs.ReadAsync(run, cancel));

    private static string? FaultOf((RunSpec Spec, RunPlan Plan) expert, RunSpec spec, PlannedStudent student, IReadOnlyList<string> teacher)
    {
        if (expert.Spec.Student.Kind != spec.Student.Kind)
        {
            return $"whose student.kind is {DistilJson.Word(expert.Spec.Student.Kind)}; expected {DistilJson.Word(spec.Student.Kind)}, this specification's";
        }

        // The id of its own teacher's outputs, if that teacher's files are the same.
        if (Identities.TeacherOutputs(expert.Spec, expert.Plan.DatasetId, teacher) != expert.Plan.TeacherOutputsId)
        {
            return $"whose teacher {expert.Spec.Teacher.Path} has other files; expected a student of {spec.Teacher.Path} as it is now";
        }

        var difference = StudentStart.Difference(
            StudentStart.Of(expert.Spec, expert.Plan.Student, expert.Plan.Linearised), StudentStart.Of(spec, student.Xlstm, student.Linearised));
        return difference is { } found
            ? $"whose student has {found.Name} {found.Value}; expected {found.Other}, as in this specification: only students of one shape and one start can be merged"
            : null;
    }

    // The blocks of the other kind begin as random numbers; a linearised student begins as its teacher.
    private static string? FaultOfSeed(RunSpec expert, int? seed) =>
        expert.Student.Kind == StudentKind.Xlstm && seed is { } first && expert.Seed != first
            ? $"whose seed is {expert.Seed}; expected {first}, the first expert's: blocks of other random numbers have another start"
            : null;

    private async Task<string?> FaultOfWeightsAsync(Expert expert, CancellationToken cancel)
    {
        try
        {
            return await new CheckpointStore(store, expert.Weights).FindEndAsync(cancel) is null
                ? $"whose weights are gone: {expert.Weights.Closing} has no checkpoint of the epoch's end (`distil gc --checkpoints` deletes those of finished runs)"
                : null;
        }
        catch (ArtifactException damaged)
        {
            return $"whose weights are damaged: {damaged.Message}";
        }
    }

    private static Expert Of(string run, (RunSpec Spec, RunPlan Plan) expert, double share)
    {
        var (spec, plan) = expert;
        var identity = plan.Experts is { } merged
            ? Identities.Merged(merged)
            : Identities.Weights(spec, plan.Student, plan.Linearised, plan.DatasetId, plan.TeacherOutputsId, StudentVariant.Distilled);
        return new Expert(run, plan.Epochs - 1, identity, share);
    }
}
