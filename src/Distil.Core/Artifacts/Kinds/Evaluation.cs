using Distil.Core.Specification;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>The measurements of a student after an epoch, in one document. An evaluate job makes it.</summary>
/// <param name="Run">The run.</param>
/// <param name="Student">The student.</param>
/// <param name="Epoch">Epoch, from 0.</param>
public sealed record Evaluation(RunArtifacts Run, StudentVariant Student, int Epoch) : Artifact
{
    /// <inheritdoc/>
    public override JobKind Maker => JobKind.Evaluate;

    /// <inheritdoc/>
    public override string Closing => ArtifactLayout.EpochReport(Run.RunId, Student, Epoch);

    /// <inheritdoc/>
    public override int? StageEpoch => Epoch;

    /// <inheritdoc/>
    public override (int Before, int Total) Stage => Run.StageOf(Student, Epoch);

    /// <inheritdoc/>
    public override IReadOnlyList<Artifact> Needs => [Run.Dataset, Weights];

    /// <value>The weights to evaluate.</value>
    public Weights Weights => Run.Weights(Student, Epoch);

    /// <inheritdoc/>
    public override Part PartAt(int index) => Whole(RunArtifacts.JobId(Student, $"{MakerWord}-{Digits(Epoch + 1, 3)}"));

    /// <inheritdoc/>
    public override bool Contains(string blob) => blob == Closing;
}
