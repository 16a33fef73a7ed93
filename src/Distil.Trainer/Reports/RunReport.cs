using Distil.Core.Artifacts;
using Distil.Core.Specification;
using Distil.Trainer.Evaluation;

namespace Distil.Trainer.Reports;

/// <summary>Everything a finished run has to say (<c>report.json</c>); <c>ReportHtml</c> shows it to people.</summary>
public sealed record RunReport : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>When the report was made.</value>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <value>What the user asked for.</value>
    public required RunSpec Spec { get; init; }

    /// <value>The teacher.</value>
    public required TeacherSummary Teacher { get; init; }

    /// <value>The student.</value>
    public required StudentSummary Student { get; init; }

    /// <value>The text.</value>
    public required DatasetSummary Dataset { get; init; }

    /// <value>What was measured after each epoch, in order; the last one is the run's result.</value>
    public required IReadOnlyList<EpochSummary> Epochs { get; init; }

    /// <value>The distilled student's training.</value>
    public required TrainingSummary Training { get; init; }

    /// <value>The training of the same student without the teacher; null where the run had none.</value>
    public TrainingSummary? TrainingWithoutTeacher { get; init; }

    /// <value>Continuations side by side.</value>
    public IReadOnlyList<SampleSummary> Samples { get; init; } = [];

    /// <value>Decoding after several context lengths.</value>
    public IReadOnlyList<DecodeComparison> Decode { get; init; } = [];

    /// <value>What the run stored.</value>
    public required StorageSummary Storage { get; init; }

    /// <value>Time of each stage, in order.</value>
    public IReadOnlyList<StageTiming> Timings { get; init; } = [];

    /// <value>Error of KL over kept tokens and tail bucket against the dense KL, at the ends of the temperature's schedule.</value>
    public IReadOnlyList<KlError> KlErrors { get; init; } = [];

    /// <value>What the run left behind.</value>
    public IReadOnlyList<ArtifactLink> Artifacts { get; init; } = [];

    /// <value>Where it ran.</value>
    public required MachineSummary Machine { get; init; }
}
