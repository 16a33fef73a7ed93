using System.Text.Json.Serialization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Specification;

namespace Distil.Core.Pipeline;

/// <summary>The part of a plan that the pipeline needs, and no more: it is in every history.</summary>
public sealed record PipelineInput : IPipelineDocument
{
    /// <inheritdoc/>
    public int Version { get; init; } = DocumentVersion.Pipeline;

    /// <value>The artifacts to make. The run's <c>spec.json</c> and <c>plan.json</c> are written before it starts.</value>
    public required RunArtifacts Artifacts { get; init; }

    /// <value>Maximum number of a stage's jobs at once, ≥ 1.</value>
    public required int Parallelism { get; init; }

    /// <value>Maximum number of retries of a job, ≥ 0.</value>
    public required int Retries { get; init; }

    /// <value>How often the pipeline polls a job.</value>
    public Polling Polling { get; init; } = new();

    /// <value>How the run ended before it was retried, oldest first: its status shows it.</value>
    public IReadOnlyList<RunEnd> Earlier { get; init; } = [];

    /// <value>The run.</value>
    [JsonIgnore]
    public string RunId => Artifacts.RunId;

    /// <summary>Creates the pipeline's input from a plan.</summary>
    public static PipelineInput From(RunSpec spec, RunPlan plan) =>
        new() { Artifacts = plan.ArtifactsOf(spec), Parallelism = spec.Compute.TeachParallelism, Retries = spec.Compute.Retries };
}
