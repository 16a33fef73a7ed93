using Distil.Core.Artifacts;
using Distil.Core.Specification;

namespace Distil.Core.Jobs;

/// <summary>What a job must do: the one document whose URI starts it (<c>runs/{runId}/jobs/{jobId}/request.json</c>).</summary>
/// <remarks>Small and complete: ids and blob names, never data. All else is found by <c>ArtifactLayout</c> from these ids.</remarks>
public sealed record JobRequest : IVersionedDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>The run that asks.</value>
    public required string RunId { get; init; }

    /// <value>Unique in the run, for instance <c>teach-00003</c>.</value>
    public required string JobId { get; init; }

    /// <value>What is done.</value>
    public required JobKind Kind { get; init; }

    /// <value>The run's specification, with local paths made absolute.</value>
    public required RunSpec Spec { get; init; }

    /// <value>Content address of the dataset.</value>
    public required string DatasetId { get; init; }

    /// <value>Content address of the teacher's outputs.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>The shard, for prepare and teach.</value>
    public int? Shard { get; init; }

    /// <value>The epoch from 0, for train and evaluate.</value>
    public int? Epoch { get; init; }

    /// <value>Which student, for train and evaluate.</value>
    public StudentVariant Variant { get; init; }

    /// <value>When it was asked for; null where the time to its start does not matter.</value>
    public DateTimeOffset? RequestedAt { get; init; }

    /// <value>The span that the job's is below, as a W3C <c>traceparent</c>; null for a trace of its own.</value>
    public string? TraceParent { get; init; }
}

/// <summary>The stages that run as jobs.</summary>
public enum JobKind
{
    /// <summary>Text of one shard to rows of tokens.</summary>
    Prepare,

    /// <summary>Teacher's sparse outputs of one shard.</summary>
    Teach,

    /// <summary>One epoch of training.</summary>
    Train,

    /// <summary>Perplexity, KL and agreement of one epoch's weights.</summary>
    Evaluate,

    /// <summary>The final model folder and the report.</summary>
    Export,
}
