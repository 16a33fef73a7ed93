using System.Reflection;
using Azure;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Operations;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;

namespace Distil.Core.Api;

/// <summary>The API's operations as plain methods: text in, documents out. Distil.Hosting serves them over HTTP.</summary>
/// <remarks>
/// An operation throws <see cref="ApiProblemException"/> if it refuses a request. Other exceptions are not the request's fault: storage is unreachable, or a
/// blob cannot be read. Safe to use from many threads.
/// </remarks>
public sealed class DistilApi
{
    private static readonly TimeSpan HealthTimeout = TimeSpan.FromSeconds(5);

    private readonly ArtifactStore _store;
    private readonly SubmitRun _submit;
    private readonly ListRuns _list;
    private readonly ReadRun _read;
    private readonly ReadMetrics _metrics;
    private readonly ReadDocuments _documents;
    private readonly ReadArtifacts _artifacts;
    private readonly CancelRun _cancel;
    private readonly RetryRun _retry;
    private readonly DeleteRun _delete;

    /// <summary>Creates the operations.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="options">The host's settings.</param>
    /// <param name="planner">Plans new runs.</param>
    public DistilApi(ArtifactStore store, ApiOptions options, RunPlanner planner)
    {
        _store = store;
        _submit = new SubmitRun(store, options, planner);
        _list = new ListRuns(store);
        _read = new ReadRun(store);
        _metrics = new ReadMetrics(store);
        _documents = new ReadDocuments(store);
        _artifacts = new ReadArtifacts(store);
        _cancel = new CancelRun(store);
        _retry = new RetryRun(store);
        _delete = new DeleteRun(store);
    }

    /// <value>The storage's name in messages: its account and host.</value>
    public string StorageName => _store.Name;

    /// <summary>Starts a run.</summary>
    /// <param name="host">Executes it.</param>
    /// <param name="specification">JSON text.</param>
    /// <param name="idempotencyKey">The client's name for this submission; null for none.</param>
    /// <param name="cancel">Cancels the call; a run that was created stays.</param>
    public Task<SubmittedRun> SubmitAsync(IRunHost host, string specification, string? idempotencyKey, CancellationToken cancel) =>
        _submit.RunAsync(host, specification, idempotencyKey, cancel);

    /// <summary>Plans a run without starting it.</summary>
    /// <param name="specification">JSON text.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<RunPlan> PlanNewAsync(string specification, CancellationToken cancel) => (await _submit.PlanAsync(specification, cancel)).Plan;

    /// <summary>Runs, newest first.</summary>
    public Task<RunPage> ListAsync(RunFilter filter, string? limit, string? continuationToken, CancellationToken cancel) =>
        _list.RunAsync(filter, limit, continuationToken, cancel);

    /// <summary>A run's <see cref="RunDetails"/> as JSON. Concurrent readers of one run share the bytes.</summary>
    public Task<byte[]> ReadAsync(string runId, CancellationToken cancel) => _read.RunAsync(RequireRunId(runId), cancel);

    /// <summary>Cancels a run; its checkpoints are not deleted.</summary>
    public Task<SubmittedRun> CancelAsync(IRunHost host, string runId, CancellationToken cancel) => _cancel.RunAsync(host, RequireRunId(runId), cancel);

    /// <summary>Lets a run that failed, was cancelled or was interrupted go on.</summary>
    public Task<SubmittedRun> RetryAsync(IRunHost host, string runId, CancellationToken cancel) => _retry.RunAsync(host, RequireRunId(runId), cancel);

    /// <summary>Deletes a run that has ended, and the artifacts that only it refers to.</summary>
    public Task<DeletedRun> DeleteAsync(IRunHost host, string runId, CancellationToken cancel) => _delete.RunAsync(host, RequireRunId(runId), cancel);

    /// <summary>What happened in a run.</summary>
    public Task<RunHistory> LogAsync(string runId, string? job, CancellationToken cancel) => _documents.LogAsync(RequireRunId(runId), job, cancel);

    /// <summary>A run's specification.</summary>
    public Task<RunSpec> SpecAsync(string runId, CancellationToken cancel) => _documents.SpecAsync(RequireRunId(runId), cancel);

    /// <summary>A run's plan.</summary>
    public Task<RunPlan> PlanAsync(string runId, CancellationToken cancel) => _documents.PlanAsync(RequireRunId(runId), cancel);

    /// <summary>Training steps from an offset on.</summary>
    public Task<MetricsPage> MetricsAsync(string runId, string? student, string? offset, CancellationToken cancel) =>
        _metrics.RunAsync(RequireRunId(runId), student, offset, cancel);

    /// <summary>The evaluations so far.</summary>
    public Task<EpochList> EpochsAsync(string runId, CancellationToken cancel) => _documents.EpochsAsync(RequireRunId(runId), cancel);

    /// <summary>The final report: <c>report.json</c> or <c>report.html</c>.</summary>
    public Task<ArtifactContent> ReportAsync(string runId, bool json, CancellationToken cancel) => _documents.ReportAsync(RequireRunId(runId), json, cancel);

    /// <summary>A run's files.</summary>
    public Task<ArtifactPage> ArtifactsAsync(string runId, string? limit, string? continuationToken, CancellationToken cancel) =>
        _artifacts.ListAsync(RequireRunId(runId), limit, continuationToken, cancel);

    /// <summary>Names of the files of a run's model.</summary>
    public Task<IReadOnlyList<string>> ModelFilesAsync(string runId, CancellationToken cancel) => _artifacts.ModelFilesAsync(RequireRunId(runId), cancel);

    /// <summary>One of a run's files.</summary>
    public Task<ArtifactContent> ArtifactAsync(string runId, string name, CancellationToken cancel) => _artifacts.OpenAsync(RequireRunId(runId), name, cancel);

    /// <summary>Whether storage answers within 5 s.</summary>
    public async Task<HealthDocument> HealthAsync(CancellationToken cancel)
    {
        using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        timeout.CancelAfter(HealthTimeout);
        var version = typeof(DistilApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        try
        {
            await _store.ExistsAsync("health", timeout.Token);
            return new HealthDocument(HealthDocument.Healthy, version);
        }
        catch (Exception unreachable) when (unreachable is RequestFailedException or AggregateException
            || (unreachable is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return new HealthDocument(HealthDocument.Unhealthy, version);
        }
    }

    // Before it becomes part of a blob's name.
    private static string RequireRunId(string runId) => RunId.IsOne(runId) ? runId : throw ReadRun.NoSuchRun(runId);
}
