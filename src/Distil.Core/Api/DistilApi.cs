using System.Reflection;
using System.Text;
using Azure;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Operations;
using Distil.Core.Api.Requests;
using Distil.Core.Artifacts;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification.Schema;

namespace Distil.Core.Api;

/// <summary>The HTTP operations, framework apart: a host routes to them and copies what they answer.</summary>
/// <remarks>
/// None throws but for cancellation and for what is no fault of a request (storage gone, a blob that cannot be read): those a host logs and answers with 500 or 503.
/// Paths are those of the route table in <c>docs/api.md</c>. Safe to use from many threads.
/// </remarks>
public sealed class DistilApi
{
    private static readonly TimeSpan HealthPatience = TimeSpan.FromSeconds(5);

    private readonly ArtifactStore _store;
    private readonly SubmitRun _submit;
    private readonly ListRuns _list;
    private readonly ReadRun _read;
    private readonly ReadMetrics _metrics;
    private readonly ReadDocuments _documents;
    private readonly ReadArtifacts _artifacts;
    private readonly CancelRun _cancelRun;

    /// <summary>Makes the operations.</summary>
    /// <param name="store">The runs.</param>
    /// <param name="host">Drives them.</param>
    /// <param name="options">What the host decides.</param>
    /// <param name="planner">Plans new runs.</param>
    public DistilApi(ArtifactStore store, IRunHost host, ApiOptions options, RunPlanner planner)
    {
        _store = store;
        _submit = new SubmitRun(store, host, options, planner);
        _list = new ListRuns(store);
        _read = new ReadRun(store);
        _metrics = new ReadMetrics(store);
        _documents = new ReadDocuments(store);
        _artifacts = new ReadArtifacts(store);
        _cancelRun = new CancelRun(store, host);
    }

    /// <summary><c>POST /api/runs</c>: 202 with Location; 400, 413, 415, 422.</summary>
    public Task<ApiResponse> SubmitAsync(ApiBody body, string? idempotencyKey, CancellationToken cancel) =>
        GuardAsync(() => _submit.RunAsync(body, idempotencyKey, cancel));

    /// <summary><c>GET /api/runs</c>: 200; 400.</summary>
    public Task<ApiResponse> ListAsync(string? limit, string? continuationToken, CancellationToken cancel) =>
        GuardAsync(() => _list.RunAsync(limit, continuationToken, cancel));

    /// <summary><c>GET /api/runs/{runId}</c>: 200 with ETag, 304; 404.</summary>
    public Task<ApiResponse> ReadAsync(string runId, string? ifNoneMatch, CancellationToken cancel) =>
        OfRunAsync(runId, () => _read.RunAsync(runId, ifNoneMatch, cancel));

    /// <summary><c>POST /api/runs/{runId}/cancel</c>: 202; 404, 409.</summary>
    public Task<ApiResponse> CancelAsync(string runId, CancellationToken cancel) => OfRunAsync(runId, () => _cancelRun.RunAsync(runId, cancel));

    /// <summary><c>GET /api/runs/{runId}/spec</c>: 200; 404.</summary>
    public Task<ApiResponse> SpecAsync(string runId, CancellationToken cancel) => OfRunAsync(runId, () => _documents.SpecAsync(runId, cancel));

    /// <summary><c>GET /api/runs/{runId}/plan</c>: 200; 404.</summary>
    public Task<ApiResponse> PlanAsync(string runId, CancellationToken cancel) => OfRunAsync(runId, () => _documents.PlanAsync(runId, cancel));

    /// <summary><c>GET /api/runs/{runId}/metrics</c>: 200; 400, 404.</summary>
    public Task<ApiResponse> MetricsAsync(string runId, string? student, string? offset, CancellationToken cancel) =>
        OfRunAsync(runId, () => _metrics.RunAsync(runId, student, offset, cancel));

    /// <summary><c>GET /api/runs/{runId}/epochs</c>: 200; 404.</summary>
    public Task<ApiResponse> EpochsAsync(string runId, CancellationToken cancel) => OfRunAsync(runId, () => _documents.EpochsAsync(runId, cancel));

    /// <summary><c>GET /api/runs/{runId}/report</c>: 200, a page, or its numbers where <c>Accept</c> asks for JSON; 404.</summary>
    public Task<ApiResponse> ReportAsync(string runId, string? accept, CancellationToken cancel) =>
        OfRunAsync(runId, () => _documents.ReportAsync(runId, accept, cancel));

    /// <summary><c>GET /api/runs/{runId}/artifacts</c>: 200; 400, 404.</summary>
    public Task<ApiResponse> ArtifactsAsync(string runId, string? limit, string? continuationToken, CancellationToken cancel) =>
        OfRunAsync(runId, () => _artifacts.ListAsync(runId, limit, continuationToken, cancel));

    /// <summary><c>GET /api/runs/{runId}/artifacts/{name}</c>: 200; 404.</summary>
    public Task<ApiResponse> ArtifactAsync(string runId, string name, CancellationToken cancel) =>
        OfRunAsync(runId, () => _artifacts.OpenAsync(runId, name, cancel));

    /// <summary><c>GET /api/schema</c>: 200.</summary>
    public static Task<ApiResponse> SchemaAsync() => Task.FromResult(ApiResponse.Of(Encoding.UTF8.GetBytes(RunSpecSchema.Published), "application/schema+json"));

    /// <summary><c>GET /api/health</c>: 200, or 503 where storage does not answer.</summary>
    public async Task<ApiResponse> HealthAsync(CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(HealthPatience);
        var version = typeof(DistilApi).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];
        try
        {
            await _store.ExistsAsync("health", patience.Token);
            return ApiResponse.Json(new HealthDocument("healthy", version));
        }
        catch (Exception gone) when (gone is RequestFailedException or AggregateException || (gone is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return ApiResponse.Json(new HealthDocument("unhealthy", version), 503);
        }
    }

    private static Task<ApiResponse> OfRunAsync(string runId, Func<Task<ApiResponse>> operation) =>
        GuardAsync(() => Names.IsRunId(runId) ? operation() : throw ReadRun.NoSuchRun(runId));

    private static async Task<ApiResponse> GuardAsync(Func<Task<ApiResponse>> operation)
    {
        try
        {
            return await operation();
        }
        catch (ApiProblemException wrong)
        {
            return ApiResponse.Problem(wrong.Problem);
        }
    }
}
