using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Functions.Hosting;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Http;

/// <summary>HTTP triggers for the operations of <see cref="RunEndpoints"/> and <see cref="RunDocumentEndpoints"/>.</summary>
/// <param name="endpoints">The operations on runs.</param>
/// <param name="documents">The documents and files of runs.</param>
/// <param name="runs">For the host of each call.</param>
public sealed class RunFunctions(RunEndpoints endpoints, RunDocumentEndpoints documents, RunFolder runs)
{
    /// <value>How often the jobs of runs that it starts are polled.</value>
    public Polling Polling { get; init; } = DurableRunHost.UsualPolling;

    /// <inheritdoc cref="RunEndpoints.SubmitAsync" />
    [Function("submit-run")]
    public async Task<IResult> SubmitAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = ApiRoutes.Runs)] HttpRequest request,
        [DurableClient] DurableTaskClient client, CancellationToken cancel) =>
        await endpoints.SubmitAsync(request, HostOf(client), Header(request, "Idempotency-Key"), cancel);

    /// <inheritdoc cref="RunEndpoints.PlanNewAsync" />
    [Function("plan-run")]
    public async Task<IResult> PlanNewAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = ApiRoutes.PlanNew)] HttpRequest request, CancellationToken cancel) =>
        await endpoints.PlanNewAsync(request, cancel);

    /// <inheritdoc cref="RunEndpoints.ListAsync" />
    [Function("list-runs")]
    public async Task<IResult> ListAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Runs)] HttpRequest request, CancellationToken cancel) =>
        await endpoints.ListAsync(Query(request, "name"), Query(request, "state"), Query(request, "limit"), Query(request, "continuationToken"), cancel);

    /// <inheritdoc cref="RunEndpoints.ReadAsync" />
    [Function("get-run")]
    public async Task<IResult> ReadAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Run)] HttpRequest request, string runId, CancellationToken cancel) =>
        await endpoints.ReadAsync(runId, request.HttpContext.Response, cancel);

    /// <inheritdoc cref="RunEndpoints.CancelAsync" />
    [Function("cancel-run")]
    public async Task<IResult> CancelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = ApiRoutes.Cancel)] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        await endpoints.CancelAsync(HostOf(client), runId, cancel);

    /// <inheritdoc cref="RunEndpoints.RetryAsync" />
    [Function("retry-run")]
    public async Task<IResult> RetryAsync(
        [HttpTrigger(AuthorizationLevel.Function, "post", Route = ApiRoutes.Retry)] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        await endpoints.RetryAsync(HostOf(client), runId, cancel);

    /// <inheritdoc cref="RunEndpoints.DeleteAsync" />
    [Function("delete-run")]
    public async Task<IResult> DeleteAsync(
        [HttpTrigger(AuthorizationLevel.Function, "delete", Route = ApiRoutes.Run)] HttpRequest request,
        [DurableClient] DurableTaskClient client, string runId, CancellationToken cancel) =>
        await endpoints.DeleteAsync(HostOf(client), runId, cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.LogAsync" />
    [Function("get-log")]
    public async Task<IResult> LogAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Log)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.LogAsync(runId, Query(request, "job"), cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.SpecAsync" />
    [Function("get-spec")]
    public async Task<IResult> SpecAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Spec)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.SpecAsync(runId, cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.PlanAsync" />
    [Function("get-plan")]
    public async Task<IResult> PlanAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Plan)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.PlanAsync(runId, cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.MetricsAsync" />
    [Function("get-metrics")]
    public async Task<IResult> MetricsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Metrics)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.MetricsAsync(runId, Query(request, "student"), Query(request, "offset"), cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.EpochsAsync" />
    [Function("get-epochs")]
    public async Task<IResult> EpochsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = ApiRoutes.Epochs)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.EpochsAsync(runId, cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.ReportAsync" />
    [Function("get-report")]
    public async Task<IResult> ReportAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ApiRoutes.Report)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.ReportAsync(runId, request, cancel);

    /// <inheritdoc cref="RunDocumentEndpoints.ModelAsync" />
    [Function("get-model")]
    public async Task<IResult> ModelAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ApiRoutes.Model)] HttpRequest request, string runId, CancellationToken cancel) =>
        await documents.ModelAsync(runId, request, cancel);

    /// <summary>The run's files, or one of them.</summary>
    /// <remarks>One function: the Functions host sends the path without a name to the route with one too.</remarks>
    [Function("get-artifacts")]
    public async Task<IResult> ArtifactsAsync(
        [HttpTrigger(AuthorizationLevel.Function, "get", "head", Route = ApiRoutes.Artifact)] HttpRequest request,
        string runId, string? name, CancellationToken cancel) =>
        string.IsNullOrEmpty(name)
            ? await documents.ArtifactsAsync(runId, Query(request, "limit"), Query(request, "continuationToken"), cancel)
            : await documents.ArtifactAsync(runId, name, cancel);

    private DurableRunHost HostOf(DurableTaskClient client) => new(runs, client) { Polling = Polling };

    private static string? Header(HttpRequest request, string name) => request.Headers.TryGetValue(name, out var values) ? values.ToString() : null;

    private static string? Query(HttpRequest request, string name) => request.Query.TryGetValue(name, out var values) ? values.ToString() : null;
}
