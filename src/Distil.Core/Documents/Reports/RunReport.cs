using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;

namespace Distil.Core.Documents.Reports;

/// <summary>The results of a finished run (<c>report.json</c>); <c>report.html</c> shows them to people.</summary>
/// <remarks>Fields that this version does not know are ignored.</remarks>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Skip)]
public sealed record RunReport : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>The run.</value>
    public required string RunId { get; init; }

    /// <value>When the report was written.</value>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <value>The specification, without signatures in its URLs.</value>
    public required RunSpec Spec { get; init; }

    /// <value>The teacher.</value>
    public required TeacherSummary Teacher { get; init; }

    /// <value>The student.</value>
    public required StudentSummary Student { get; init; }

    /// <value>The students whose weighted mean the student is, in the order of the sum; null if the run trained it.</value>
    public IReadOnlyList<ExpertSummary>? Experts { get; init; }

    /// <value>The dataset.</value>
    public required DatasetSummary Dataset { get; init; }

    /// <value>The evaluations after each epoch, in order, at least one; the last one is the run's result.</value>
    public required IReadOnlyList<EpochSummary> Epochs { get; init; }

    /// <value>The distilled student's training.</value>
    public required TrainingSummary Training { get; init; }

    /// <value>The training of the same student without the teacher; null if the run had none.</value>
    public TrainingSummary? TrainingWithoutTeacher { get; init; }

    /// <value>Continuations of the same prompts by each model.</value>
    public IReadOnlyList<SampleSummary> Samples { get; init; } = [];

    /// <value>The teacher's likelihood of greedy continuations; null if none were made, and in reports of earlier versions.</value>
    public GreedyLikelihood? Greedy { get; init; }

    /// <value>Decoding speed after several context lengths.</value>
    public IReadOnlyList<DecodeComparison> Decode { get; init; } = [];

    /// <value>Sizes of what the run stored.</value>
    public required StorageSummary Storage { get; init; }

    /// <value>Time per stage, in order.</value>
    public IReadOnlyList<StageTiming> Timings { get; init; } = [];

    /// <value>Error of KL over stored tokens and tail bucket, at the first and last temperature of the schedule; empty if the teacher ran online.</value>
    public IReadOnlyList<KlError> KlErrors { get; init; } = [];

    /// <value>What each of <c>export.weights</c> costs on the held-out rows; null if there are none.</value>
    public IReadOnlyList<FormQuality>? Forms { get; init; }

    /// <value>Where the run did less than was asked (tokens, shards, documents, files), in sentences; empty if it did all.</value>
    public IReadOnlyList<string> Notes { get; init; } = [];

    /// <value>The run's artifacts.</value>
    public IReadOnlyList<ArtifactLink> Artifacts { get; init; } = [];

    /// <value>The machine of the export job.</value>
    public required MachineSummary Machine { get; init; }
}
