using Distil.Core.Documents;
using Distil.Core.Documents.Evaluations;
using Distil.Core.Jobs;
using Distil.Core.Runs;

namespace Distil.Core.Api.Documents;

/// <summary>A run that was submitted.</summary>
/// <param name="RunId">Names it from now on.</param>
/// <param name="Links">Where to go on.</param>
public sealed record SubmittedRun(string RunId, RunLinks Links);

/// <summary>Where a run and its parts are, as paths of this server.</summary>
/// <param name="Self">Its status.</param>
/// <param name="Cancel">To POST to.</param>
/// <param name="Spec">What was asked for.</param>
/// <param name="Plan">What is done.</param>
/// <param name="Metrics">Each training step.</param>
/// <param name="Epochs">Each epoch's evaluation.</param>
/// <param name="Artifacts">Its files.</param>
/// <param name="Report">The final report; there is none before the run has succeeded.</param>
public sealed record RunLinks(string Self, string Cancel, string Spec, string Plan, string Metrics, string Epochs, string Artifacts, string Report)
{
    /// <summary>A run's links.</summary>
    public static RunLinks Of(string runId)
    {
        var self = $"/api/runs/{runId}";
        return new RunLinks(self, $"{self}/cancel", $"{self}/spec", $"{self}/plan", $"{self}/metrics", $"{self}/epochs", $"{self}/artifacts", $"{self}/report");
    }
}

/// <summary>A run at one moment.</summary>
/// <param name="Status">Where it stands.</param>
/// <param name="Progress">How far each job at work is, by the job's id; those that have not reported yet are missing.</param>
/// <param name="Links">Where its parts are.</param>
public sealed record RunDetails(RunStatus Status, IReadOnlyDictionary<string, JobProgress> Progress, RunLinks Links);

/// <summary>Some runs, newest first.</summary>
/// <param name="Runs">Where each stands.</param>
/// <param name="ContinuationToken">Leads to the next page; null on the last.</param>
public sealed record RunPage(IReadOnlyList<RunStatus> Runs, string? ContinuationToken = null);

/// <summary>Some training steps, in order.</summary>
/// <param name="Steps">Lines of <c>metrics.jsonl</c>, each a whole object.</param>
/// <param name="Offset">Byte at which the first begins. 0 although more was asked for: the log was cut back (training went on from a checkpoint); forget what came before.</param>
/// <param name="NextOffset">Byte to ask from next.</param>
public sealed record MetricsPage(IReadOnlyList<StepMetrics> Steps, long Offset, long NextOffset);

/// <summary>The evaluations so far.</summary>
/// <param name="Epochs">In order.</param>
public sealed record EpochList(IReadOnlyList<EpochEvaluations> Epochs);

/// <summary>What was measured after an epoch.</summary>
/// <param name="Epoch">Epoch, from 0.</param>
/// <param name="Distilled">The student's evaluation; null while there is none.</param>
/// <param name="WithoutTeacher">That of the same student trained without the teacher; null where there is none.</param>
public sealed record EpochEvaluations(int Epoch, EvaluationResult? Distilled = null, EvaluationResult? WithoutTeacher = null);

/// <summary>Some of a run's files, sorted by name.</summary>
/// <param name="Artifacts">The files.</param>
/// <param name="ContinuationToken">Leads to the next page; null on the last.</param>
public sealed record ArtifactPage(IReadOnlyList<RunArtifact> Artifacts, string? ContinuationToken = null);

/// <summary>One of a run's files.</summary>
/// <param name="Name">In the run's folder, for instance <c>model/model.safetensors</c>.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ModifiedAt">When it was last written.</param>
/// <param name="Href">Where it can be had, as a path of this server.</param>
public sealed record RunArtifact(string Name, long Bytes, DateTimeOffset ModifiedAt, string Href);

/// <summary>Whether the service can work.</summary>
/// <param name="Status"><c>healthy</c>, or <c>unhealthy</c> where storage does not answer.</param>
/// <param name="Version">The program's.</param>
public sealed record HealthDocument(string Status, string Version);
