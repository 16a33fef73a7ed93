using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Jobs;

/// <summary>A job's input: the one document whose URI starts it (<c>runs/{runId}/jobs/{jobId}/request.json</c>).</summary>
/// <remarks>Small and complete: the job reads no other document of the run's definition.</remarks>
public sealed record JobRequest : IPipelineDocument
{
    /// <inheritdoc/>
    public int Version { get; init; } = DocumentVersion.Pipeline;

    /// <value>The run that requests it.</value>
    public required string RunId { get; init; }

    /// <value>Unique in the run, for instance <c>teach-00003</c>.</value>
    public required string JobId { get; init; }

    /// <value>The artifact that it makes a part of.</value>
    public required Artifact Makes { get; init; }

    /// <value>The part, from 0.</value>
    public int Part { get; init; }

    /// <value>Whether the part was found damaged: its stored files are then verified before it counts as made.</value>
    public bool Rebuild { get; init; }

    /// <value>The run's specification, with local paths made absolute.</value>
    public required RunSpec Spec { get; init; }

    /// <value>The teacher's shape.</value>
    public required TeacherShape Teacher { get; init; }

    /// <value>Location of the teacher.</value>
    public required ModelLocation TeacherLocation { get; init; }

    /// <value>The shape of a student of kind xlstm; null for another.</value>
    public StudentShape? Student { get; init; }

    /// <value>The shape of a linearised student; null for another.</value>
    public LinearisedShape? Linearised { get; init; }

    /// <value>The input of a prepare job; null for the other kinds.</value>
    public ShardSource? Source { get; init; }

    /// <value>For an export job, the text that the plan found, to compare with what was read; null for the other kinds and in earlier versions.</value>
    public PlannedText? Text { get; init; }

    /// <value>For an evaluate job, the files of the tasks as the plan found them; null for the other kinds, without tasks and in earlier versions.</value>
    public IReadOnlyList<SourceFile>? Tasks { get; init; }

    /// <value>When the job was requested; null if the time to its start does not matter.</value>
    public DateTimeOffset? RequestedAt { get; init; }

    /// <value>The parent of the job's span, as a W3C <c>traceparent</c>; null for a separate trace.</value>
    public string? TraceParent { get; init; }

    /// <value>The kind of job.</value>
    [JsonIgnore]
    public JobKind Kind => Makes.Maker;

    /// <value>Whether a server computes the teacher's outputs for it, so that it needs no device of its own.</value>
    [JsonIgnore]
    public bool AsksServer => Kind == JobKind.Teach && Spec.Teacher.Endpoint is not null;

    /// <value>Whether the job reads the teacher's weights.</value>
    [JsonIgnore]
    public bool NeedsWeights => Kind != JobKind.Prepare && !AsksServer;

    /// <value>The part that it makes.</value>
    [JsonIgnore]
    public Part Made => Makes.PartAt(Part);
}
