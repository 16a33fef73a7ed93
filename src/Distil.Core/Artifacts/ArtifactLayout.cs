using System.Globalization;
using Distil.Core.Specification;

namespace Distil.Core.Artifacts;

/// <summary>The name of every blob that Distil reads or writes.</summary>
/// <remarks>Shards and epochs count from 0 in code. Names show shards from 0 (five digits) and epochs from 1 (three digits).</remarks>
public static class ArtifactLayout
{
    /// <summary>The container's default name.</summary>
    public const string DefaultContainer = "distil";

    /// <summary>The name of a folder's closing document: of a dataset, teacher outputs or a checkpoint.</summary>
    public const string ManifestFile = "manifest.json";

    /// <summary>Prefix of all datasets.</summary>
    public const string Datasets = "datasets/";

    /// <summary>Prefix of all teacher outputs.</summary>
    public const string AllTeacherOutputs = "teacher-outputs/";

    /// <summary>Prefix of one dataset.</summary>
    public static string Dataset(string datasetId) => $"{Datasets}{datasetId}/";

    /// <summary>Prefix of one teacher's outputs.</summary>
    public static string TeacherOutputs(string teacherOutputsId) => $"{AllTeacherOutputs}{teacherOutputsId}/";

    /// <summary>The dataset's closing document, a <see cref="Artifacts.DatasetManifest"/>: written when every shard is complete.</summary>
    public static string DatasetManifest(string datasetId) => Dataset(datasetId) + ManifestFile;

    /// <summary>A shard's closing document, a <see cref="Artifacts.DatasetShard"/>.</summary>
    public static string DatasetShard(string datasetId, int shard) => $"{Dataset(datasetId)}shard-{Five(shard)}.json";

    /// <summary>Rows of tokens to train on.</summary>
    public static string TrainTokens(string datasetId, int shard) => $"{Dataset(datasetId)}tokens-{Five(shard)}.bin";

    /// <summary>Rows of tokens held out for evaluation.</summary>
    public static string EvalTokens(string datasetId, int shard) => $"{Dataset(datasetId)}eval-{Five(shard)}.bin";

    /// <summary>The closing document of the teacher's outputs, a <see cref="Artifacts.TeacherOutputsManifest"/>.</summary>
    public static string TeacherOutputsManifest(string teacherOutputsId) => TeacherOutputs(teacherOutputsId) + ManifestFile;

    /// <summary>A shard's closing document, a <see cref="Artifacts.TeacherOutputsShard"/>.</summary>
    public static string TeacherOutputsShard(string teacherOutputsId, int shard) => $"{TeacherOutputs(teacherOutputsId)}shard-{Five(shard)}.json";

    /// <summary>The teacher's sparse outputs for one shard's training rows.</summary>
    public static string TeacherOutputs(string teacherOutputsId, int shard) => $"{TeacherOutputs(teacherOutputsId)}shard-{Five(shard)}.bin";

    /// <summary>The lease for making a blob, or the blobs below a prefix: only one process at a time does so.</summary>
    public static string LeaseOn(string made) => made.TrimEnd('/') + ".claim";

    /// <summary>The runs of a sweep, a <c>SweepDocument</c>.</summary>
    public static string Sweep(string sweepId) => $"sweeps/{sweepId}.json";

    /// <summary>Prefix of all runs; listing it finds them.</summary>
    public const string Runs = "runs/";

    /// <summary>The run that a client's idempotency key created, an <c>IdempotencyRecord</c>.</summary>
    /// <param name="keyHash">SHA-256 of the key, hexadecimal: clients choose keys freely, so a key is not used as a blob's name.</param>
    public static string Idempotency(string keyHash) => $"idempotency/{keyHash}.json";

    /// <summary>Prefix of one run.</summary>
    public static string Run(string runId) => $"runs/{runId}/";

    /// <summary>The run's specification as read, a <c>RunSpec</c>.</summary>
    public static string Spec(string runId) => $"runs/{runId}/spec.json";

    /// <summary>The run's plan, a <c>RunPlan</c>.</summary>
    public static string Plan(string runId) => $"runs/{runId}/plan.json";

    /// <summary>The run's status, a <c>RunStatus</c>; written by the host.</summary>
    public static string Status(string runId) => $"runs/{runId}/status.json";

    /// <summary>Exists if the run's cancellation was requested.</summary>
    public static string Cancel(string runId) => $"runs/{runId}/cancel.json";

    /// <summary>The trace that contains the run's spans, a <see cref="Telemetry.RunTraceDocument"/>.</summary>
    public static string Trace(string runId) => $"runs/{runId}/trace.json";

    /// <summary>The lease of the host that drives the run.</summary>
    public static string Driver(string runId) => $"runs/{runId}/driver.json";

    /// <summary>Prefix of the run's history in the embedded host, a log for each pipeline.</summary>
    public static string Journal(string runId) => $"runs/{runId}/journal/";

    /// <summary>The history of one pipeline.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="pipeline">Its path: <c>run</c> for the whole run's, otherwise the names of sub-pipelines, separated by <c>/</c>.</param>
    public static string JournalOf(string runId, string pipeline) => $"{Journal(runId)}{pipeline}.jsonl";

    /// <summary>What all jobs of a run read, a <see cref="Jobs.JobDefinition"/>.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="address">SHA-256 of its bytes, hexadecimal.</param>
    public static string JobDefinition(string runId, string address) => $"runs/{runId}/definitions/{address}.json";

    /// <summary>The folders of a run's jobs.</summary>
    public static string AllJobs(string runId) => $"runs/{runId}/jobs/";

    /// <summary>A job's input, a <see cref="Jobs.JobRequest"/>.</summary>
    public static string JobRequest(string runId, string jobId) => $"{AllJobs(runId)}{jobId}/request.json";

    /// <summary>A job's progress, a <see cref="Jobs.JobProgress"/>.</summary>
    public static string JobProgress(string runId, string jobId) => $"{AllJobs(runId)}{jobId}/progress.json";

    /// <summary>A job's result, a <see cref="Jobs.JobResult"/>.</summary>
    public static string JobResult(string runId, string jobId) => $"{AllJobs(runId)}{jobId}/result.json";

    /// <summary>All checkpoints of one student.</summary>
    public static string Checkpoints(string runId, StudentVariant student) => $"{Root(runId, student)}checkpoints/";

    /// <summary>The checkpoints of one epoch (from 0) of one student.</summary>
    public static string Checkpoints(string runId, StudentVariant student, int epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{Checkpoints(runId, student)}epoch-{epoch + 1:000}/");

    /// <summary>A file of one checkpoint.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="student">Which student.</param>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="step">Optimiser steps completed in that epoch.</param>
    /// <param name="file">For instance <c>student.safetensors</c>.</param>
    public static string Checkpoint(string runId, StudentVariant student, int epoch, long step, string file) =>
        string.Create(CultureInfo.InvariantCulture, $"{Checkpoints(runId, student, epoch)}step-{step:000000}/{file}");

    /// <summary>A JSON line for each logged step.</summary>
    public static string Metrics(string runId, StudentVariant student) => $"{Root(runId, student)}metrics.jsonl";

    /// <summary>A TensorBoard event file.</summary>
    public static string Events(string runId, StudentVariant student, string file) => $"{Root(runId, student)}events/{file}";

    /// <summary>The evaluation after an epoch (from 0).</summary>
    public static string EpochReport(string runId, StudentVariant student, int epoch) =>
        string.Create(CultureInfo.InvariantCulture, $"{Root(runId, student)}reports/epoch-{epoch + 1:000}.json");

    /// <summary>The numbers behind the final report.</summary>
    public static string ReportData(string runId) => $"runs/{runId}/reports/report.json";

    /// <summary>The final report, one self-contained page.</summary>
    public static string Report(string runId) => $"runs/{runId}/reports/report.html";

    /// <summary>The finished model's folder.</summary>
    public static string Model(string runId, StudentVariant student) => $"{Root(runId, student)}model/";

    /// <summary>A file of the finished model.</summary>
    public static string ModelFile(string runId, StudentVariant student, string file) => Model(runId, student) + file;

    /// <summary>The folders of the finished student for other programs.</summary>
    public static string Exports(string runId) => $"runs/{runId}/exports/";

    /// <summary>One of these folders.</summary>
    /// <param name="runId">The run.</param>
    /// <param name="part">Its name, for instance <c>onnx-int4</c>.</param>
    public static string Export(string runId, string part) => $"{Exports(runId)}{part}/";

    private static string Root(string runId, StudentVariant student) => $"runs/{runId}/" + student switch
    {
        StudentVariant.Distilled => "",
        StudentVariant.WithoutTeacher => "baseline/",
        StudentVariant.TeacherOnText => "control-text/",
        _ => "control-loss/",
    };

    private static string Five(int number) => number.ToString("00000", CultureInfo.InvariantCulture);
}
