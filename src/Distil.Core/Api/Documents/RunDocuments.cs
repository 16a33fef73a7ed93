using System.Text.Json.Serialization;
using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Core.Api.Documents;

/// <summary>A run that was submitted, cancelled or retried.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Links">Its parts.</param>
public sealed record SubmittedRun(string RunId, RunLinks Links)
{
    /// <summary>The answer for a run.</summary>
    internal static SubmittedRun Of(string runId) => new(runId, RunLinks.Of(runId));
}

/// <summary>A run that was deleted.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Bytes">What was deleted with it: its files, and the artifacts that only it referred to.</param>
public sealed record DeletedRun(string RunId, long Bytes);

/// <summary>What happened in a run.</summary>
/// <param name="Events">In order of time: tries and ends of jobs, and ends of the run.</param>
public sealed record RunHistory(IReadOnlyList<RunEvent> Events);

/// <summary>The paths of a run and its parts on this server.</summary>
/// <param name="Self">Its status; deletes it, with DELETE.</param>
/// <param name="Cancel">Cancels it, with POST.</param>
/// <param name="Retry">Lets it go on after it has failed, was cancelled or was interrupted, with POST.</param>
/// <param name="Spec">Its specification.</param>
/// <param name="Plan">Its plan.</param>
/// <param name="Metrics">Its training steps.</param>
/// <param name="Epochs">Its evaluations.</param>
/// <param name="Artifacts">Its files.</param>
/// <param name="Log">What happened in it.</param>
/// <param name="Report">Its report, once the run has succeeded.</param>
public sealed record RunLinks(
    string Self, string Cancel, string Retry, string Spec, string Plan, string Metrics, string Epochs, string Artifacts, string Log, string Report)
{
    /// <summary>A run's links.</summary>
    public static RunLinks Of(string runId)
    {
        var self = $"/api/runs/{runId}";
        return new RunLinks(
            self, $"{self}/cancel", $"{self}/retry", $"{self}/spec", $"{self}/plan", $"{self}/metrics", $"{self}/epochs", $"{self}/artifacts", $"{self}/log",
            $"{self}/report");
    }
}

/// <summary>A run at one moment.</summary>
/// <param name="Status">Its status.</param>
/// <param name="Progress">The progress of each job at work, by the job's id; jobs that have not reported yet are missing.</param>
/// <param name="Links">Its parts.</param>
public sealed record RunDetails(RunStatus Status, IReadOnlyDictionary<string, JobProgress> Progress, RunLinks Links);

/// <summary>Some runs, newest first.</summary>
/// <param name="Runs">Their status.</param>
/// <param name="ContinuationToken">For the next page; null on the last.</param>
public sealed record RunPage(IReadOnlyList<RunStatus> Runs, string? ContinuationToken = null);

/// <summary>Some training steps, in order.</summary>
/// <param name="Steps">The steps.</param>
/// <param name="Offset">Byte of the log at which the first step begins. If it is 0 although a later one was asked for, training resumed from a checkpoint and
/// the log was cut back: discard earlier steps.</param>
/// <param name="NextOffset">Offset of the next page.</param>
public sealed record MetricsPage(IReadOnlyList<StepMetrics> Steps, long Offset, long NextOffset);

/// <summary>The evaluations so far.</summary>
/// <param name="Epochs">In order.</param>
public sealed record EpochList(IReadOnlyList<EpochEvaluations> Epochs);

/// <summary>The evaluations after an epoch.</summary>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Distilled">The student's; null until there is one.</param>
/// <param name="WithoutTeacher">The evaluation of the same student trained without the teacher; null if there is none.</param>
public sealed record EpochEvaluations(int Epoch, EvaluationResult? Distilled = null, EvaluationResult? WithoutTeacher = null);

/// <summary>Some of a run's files, sorted by name.</summary>
/// <param name="Artifacts">The files.</param>
/// <param name="ContinuationToken">For the next page; null on the last.</param>
public sealed record ArtifactPage(IReadOnlyList<RunArtifact> Artifacts, string? ContinuationToken = null);

/// <summary>One of a run's files.</summary>
/// <param name="Name">Its name in the run's folder, for instance <c>model/model.safetensors</c>.</param>
/// <param name="Bytes">Its length in bytes.</param>
/// <param name="ModifiedAt">When it was last written.</param>
/// <param name="Href">Its path on this server.</param>
public sealed record RunArtifact(string Name, long Bytes, DateTimeOffset ModifiedAt, string Href);

/// <summary>Whether the service can work.</summary>
/// <param name="Status"><c>healthy</c>, or <c>unhealthy</c> if storage does not answer.</param>
/// <param name="Version">The program's version.</param>
public sealed record HealthDocument(string Status, string Version)
{
    /// <summary>The status if storage answers.</summary>
    public const string Healthy = "healthy";

    /// <summary>The status if storage does not answer.</summary>
    public const string Unhealthy = "unhealthy";

    /// <value>Whether the service can work.</value>
    [JsonIgnore]
    public bool IsHealthy => Status == Healthy;
}
