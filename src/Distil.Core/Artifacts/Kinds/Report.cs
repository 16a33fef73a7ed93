using Distil.Core.Specification;

namespace Distil.Core.Artifacts.Kinds;

/// <summary>A run's result: the report (a page and its numbers), the students' model folders, and the folders for other programs. An export job makes it; the
/// numbers are written last.</summary>
/// <param name="Run">The run.</param>
public sealed record Report(RunArtifacts Run) : Artifact
{
    /// <inheritdoc/>
    public override JobKind Maker => JobKind.Export;

    /// <inheritdoc/>
    public override string Closing => ArtifactLayout.ReportData(Run.RunId);

    /// <inheritdoc/>
    public override IReadOnlyList<Artifact> Needs =>
    [
        .. Run.Shared,
        .. Run.Students.Select(Final),
        .. Run.Students.SelectMany(student => Enumerable.Range(0, Run.Epochs).Select(epoch => Run.Evaluation(student, epoch))),
    ];

    /// <summary>A student after the last epoch.</summary>
    public Weights Final(StudentVariant student) => Run.Weights(student, Run.Epochs - 1);

    /// <inheritdoc/>
    public override Part PartAt(int index) => Whole(MakerWord, ArtifactLayout.LeaseOn(ArtifactLayout.Report(Run.RunId)));

    /// <inheritdoc/>
    public override bool Contains(string blob) =>
        blob == Closing || blob == ArtifactLayout.Report(Run.RunId)
        || blob.StartsWith(ArtifactLayout.Exports(Run.RunId), StringComparison.Ordinal)
        || Run.Students.Any(student => blob.StartsWith(ArtifactLayout.Model(Run.RunId, student), StringComparison.Ordinal));
}
