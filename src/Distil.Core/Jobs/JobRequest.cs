using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Models;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Jobs;

/// <summary>A job's input: the one document whose URI starts it (<c>runs/{runId}/jobs/{jobId}/request.json</c>).</summary>
/// <remarks>Small: what all jobs of the run read is one document that requests name. No job reads the plan, which lists every shard.</remarks>
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

    /// <value>The address of the run's <see cref="JobDefinition"/>.</value>
    public required string Definition { get; init; }

    /// <value>The input of a prepare job; null for the other kinds.</value>
    public ShardSource? Source { get; init; }

    /// <value>When the job was requested; null if the time to its start does not matter.</value>
    public DateTimeOffset? RequestedAt { get; init; }

    /// <value>The parent of the job's span, as a W3C <c>traceparent</c>; null for a separate trace.</value>
    public string? TraceParent { get; init; }

    /// <value>What <see cref="Definition"/> names; set by the process that reads it.</value>
    [JsonIgnore]
    public JobDefinition? Defined { get; init; }

    /// <inheritdoc cref="JobDefinition.Spec"/>
    [JsonIgnore]
    public RunSpec Spec => Run.Spec;

    /// <inheritdoc cref="JobDefinition.Teacher"/>
    [JsonIgnore]
    public TeacherShape Teacher => Run.Teacher;

    /// <inheritdoc cref="JobDefinition.TeacherLocation"/>
    [JsonIgnore]
    public ModelLocation TeacherLocation => Run.TeacherLocation;

    /// <inheritdoc cref="JobDefinition.Student"/>
    [JsonIgnore]
    public StudentShape? Student => Run.Student;

    /// <inheritdoc cref="JobDefinition.Linearised"/>
    [JsonIgnore]
    public LinearisedShape? Linearised => Run.Linearised;

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

    private JobDefinition Run => Defined ?? throw new InvalidOperationException($"{RunId}/{JobId}: the job's definition was not read.");
}
