using Distil.Core.Api;
using Distil.Core.Api.Requests;
using Distil.Functions.Hosting;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Http;

/// <summary>The API's operations: <see cref="DistilApi"/> behind HTTP triggers.</summary>
/// <param name="api">The operations.</param>
/// <param name="host">What they schedule on.</param>
public sealed class RunFunctions(DistilApi api, DurableRunHost host)
{
    /// <summary>Starts a run.</summary>
    [Function("submit-run")]
    public Task<IResult> SubmitAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken cancel)
    {
        host.Use(client);
        return AnswerAsync(api.SubmitAsync(new ApiBody(request.Body, request.ContentType), Header(request, "Idempotency-Key"), cancel));
    }

    /// <summary>Runs, newest first.</summary>
    [Function("list-runs")]
    public Task<IResult> ListAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs")] HttpRequest request, CancellationToken cancel) =>
        AnswerAsync(api.ListAsync(Query(request, "limit"), Query(request, "continuationToken"), cancel));

    /// <summary>Where a run stands.</summary>
    [Function("get-run")]
    public Task<IResult> ReadAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.ReadAsync(runId, Header(request, "If-None-Match"), cancel));

    /// <summary>Asks for a run to be stopped.</summary>
    [Function("cancel-run")]
    public Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = "api/runs/{runId}/cancel")] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel)
    {
        host.Use(client);
        return AnswerAsync(api.CancelAsync(runId, cancel));
    }

    /// <summary>What was asked for.</summary>
    [Function("get-spec")]
    public Task<IResult> SpecAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/spec")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.SpecAsync(runId, cancel));

    /// <summary>What the run does.</summary>
    [Function("get-plan")]
    public Task<IResult> PlanAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/plan")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.PlanAsync(runId, cancel));

    /// <summary>Training steps from an offset on.</summary>
    [Function("get-metrics")]
    public Task<IResult> MetricsAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/metrics")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.MetricsAsync(runId, Query(request, "student"), Query(request, "offset"), cancel));

    /// <summary>The evaluation after each epoch.</summary>
    [Function("get-epochs")]
    public Task<IResult> EpochsAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/epochs")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.EpochsAsync(runId, cancel));

    /// <summary>The final report.</summary>
    [Function("get-report")]
    public Task<IResult> ReportAsync([HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/report")] HttpRequest request, string runId, CancellationToken cancel) =>
        AnswerAsync(api.ReportAsync(runId, Header(request, "Accept"), cancel));

    /// <summary>The run's files, or one of them.</summary>
    /// <remarks>One function: the host gives the path without a name to the route with one too.</remarks>
    [Function("get-artifacts")]
    public Task<IResult> ArtifactsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "api/runs/{runId}/artifacts/{*name}")] HttpRequest request, string runId, string? name, CancellationToken cancel) =>
        AnswerAsync(string.IsNullOrEmpty(name)
            ? api.ArtifactsAsync(runId, Query(request, "limit"), Query(request, "continuationToken"), cancel)
            : api.ArtifactAsync(runId, name, cancel));

    internal static async Task<IResult> AnswerAsync(Task<ApiResponse> operation) => new ApiResult(await operation);

    private static string? Header(HttpRequest request, string name) => request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    private static string? Query(HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
}
