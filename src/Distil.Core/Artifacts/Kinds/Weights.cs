using Distil.Core.Specification;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>A student after an epoch: the checkpoint at the epoch's end. A train job makes it, from the checkpoint at the end of the epoch before; in a run that
/// merges, a merge job makes it, from the students of other runs.</summary>
/// <param name="Run">The run.</param>
/// <param name="Student">The student.</param>
/// <param name="Epoch">Epoch, from 0.</param>
public sealed record Weights(RunArtifacts Run, StudentVariant Student, int Epoch) : Artifact
{
    /// <inheritdoc/>
    public override JobKind Maker => Run.Experts is null ? JobKind.Train : JobKind.Merge;

    /// <inheritdoc/>
    public override string Closing => ArtifactLayout.Checkpoints(Run.RunId, Student, Epoch);

    /// <inheritdoc/>
    public override int? StageEpoch => Run.Experts is null ? Epoch : null;

    /// <inheritdoc/>
    public override (int Before, int Total) Stage => Run.StageOf(Student, Epoch);

    /// <inheritdoc/>
    /// <remarks>The weights of the students that a run merges are another run's, so that this one cannot have them rebuilt.</remarks>
    public override IReadOnlyList<Artifact> Needs => Run.Experts is not null
        ? []
        : [.. new Artifact?[] { Run.Dataset, UsesTeacherOutputs ? Run.TeacherOutputs : null, Before }.OfType<Artifact>()];

    /// <value>The weights with which its training begins; null if they are new.</value>
    public Weights? Before => Epoch > 0 ? this with { Epoch = Epoch - 1 } : null;

    /// <value>Whether the training reads stored teacher outputs.</value>
    public bool UsesTeacherOutputs => Student is StudentVariant.Distilled or StudentVariant.TeacherOnLoss && Run.Offline;

    /// <inheritdoc/>
    /// <remarks>Only one process trains a student at a time, in whatever epoch.</remarks>
    public override Part PartAt(int index) => Whole(
        Run.Experts is null ? RunArtifacts.JobId(Student, $"{MakerWord}-{Digits(Epoch + 1, 3)}") : MakerWord, LeaseOf(Run.RunId, Student));

    /// <inheritdoc/>
    public override bool Contains(string blob) => blob.StartsWith(Closing, StringComparison.Ordinal);

    /// <summary>The lease for training a student.</summary>
    public static string LeaseOf(string runId, StudentVariant student) => ArtifactLayout.LeaseOn(ArtifactLayout.Checkpoints(runId, student));
}
