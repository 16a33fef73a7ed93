using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Api.Requests;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Hosting.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Distil.Cli.Serving;

/// <summary>The operations and their paths.</summary>
internal static class ApiRoutes
{
    /// <summary>Adds them all.</summary>
    internal static void Map(IEndpointRouteBuilder routes, DistilApi api)
    {
        MapRuns(routes, api);
        MapRun(routes, api);
        routes.MapGet("/api/schema", () => Answer(DistilApi.SchemaAsync()))
            .Describe("getSchema", "The JSON Schema of run specifications, for editors and for checks before sending.")
            .Produces<object>(200, "application/schema+json");
        routes.MapGet("/api/health", (CancellationToken cancel) => Answer(api.HealthAsync(cancel)))
            .Describe("getHealth", "Whether the service can work.")
            .Produces<HealthDocument>().Produces<HealthDocument>(503);
    }

    private static void MapRuns(IEndpointRouteBuilder routes, DistilApi api)
    {
        routes.MapPost("/api/runs", (HttpRequest request, [FromHeader(Name = "Idempotency-Key")] string? idempotencyKey, CancellationToken cancel) =>
                Answer(api.SubmitAsync(new ApiBody(request.Body, request.ContentType), idempotencyKey, cancel)))
            .Describe("submitRun", "Starts a run. With an Idempotency-Key, sending it again answers with the same run and starts none.")
            .Accepts<RunSpec>(ApiResponse.JsonType)
            .Produces<SubmittedRun>(202).Problems(400, 413, 415, 422, 502);
        routes.MapGet("/api/runs", (string? limit, string? continuationToken, CancellationToken cancel) => Answer(api.ListAsync(limit, continuationToken, cancel)))
            .Describe("listRuns", "Runs, newest first.")
            .Produces<RunPage>().Problems(400);
    }

    private static void MapRun(IEndpointRouteBuilder routes, DistilApi api)
    {
        routes.MapGet("/api/runs/{runId}", (string runId, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch, CancellationToken cancel) =>
                Answer(api.ReadAsync(runId, ifNoneMatch, cancel)))
            .Describe("getRun", "Where a run stands.")
            .Produces<RunDetails>().Produces(304).Problems(404);
        routes.MapPost("/api/runs/{runId}/cancel", (string runId, CancellationToken cancel) => Answer(api.CancelAsync(runId, cancel)))
            .Describe("cancelRun", "Asks for a run to be stopped. Its checkpoints are kept.")
            .Produces<SubmittedRun>(202).Problems(404, 409);
        routes.MapGet("/api/runs/{runId}/spec", (string runId, CancellationToken cancel) => Answer(api.SpecAsync(runId, cancel)))
            .Describe("getSpec", "What was asked for, with every default filled in.")
            .Produces<RunSpec>().Problems(404);
        routes.MapGet("/api/runs/{runId}/plan", (string runId, CancellationToken cancel) => Answer(api.PlanAsync(runId, cancel)))
            .Describe("getPlan", "What the run does: shards, shapes, sizes.")
            .Produces<RunPlan>().Problems(404);
        routes.MapGet("/api/runs/{runId}/metrics", (string runId, string? student, string? offset, CancellationToken cancel) =>
                Answer(api.MetricsAsync(runId, student, offset, cancel)))
            .Describe("getMetrics", "Training steps from an offset on; ask again from nextOffset for those that came since.")
            .Produces<MetricsPage>().Problems(400, 404);
        routes.MapGet("/api/runs/{runId}/epochs", (string runId, CancellationToken cancel) => Answer(api.EpochsAsync(runId, cancel)))
            .Describe("getEpochs", "The evaluation after each epoch so far.")
            .Produces<EpochList>().Problems(404);
        routes.MapGet("/api/runs/{runId}/report", (string runId, HttpRequest request, CancellationToken cancel) =>
                Answer(api.ReportAsync(runId, request.Headers.Accept, cancel)))
            .Describe("getReport", "The final report: a page, or its numbers where Accept asks for JSON.")
            .Produces<string>(200, "text/html", ApiResponse.JsonType).Problems(404);
        routes.MapGet("/api/runs/{runId}/artifacts", (string runId, string? limit, string? continuationToken, CancellationToken cancel) =>
                Answer(api.ArtifactsAsync(runId, limit, continuationToken, cancel)))
            .Describe("listArtifacts", "The run's files, sorted by name.")
            .Produces<ArtifactPage>().Problems(400, 404);
        routes.MapGet("/api/runs/{runId}/artifacts/{**name}", (string runId, string name, CancellationToken cancel) => Answer(api.ArtifactAsync(runId, name, cancel)))
            .Describe("getArtifact", "One of the run's files.")
            .Produces<Stream>(200, "application/octet-stream", ApiResponse.JsonType).Problems(404);
    }

    private static RouteHandlerBuilder Describe(this RouteHandlerBuilder route, string operationId, string summary) => route.WithName(operationId).WithSummary(summary);

    private static RouteHandlerBuilder Problems(this RouteHandlerBuilder route, params ReadOnlySpan<int> statuses)
    {
        foreach (var status in statuses)
        {
            route.Produces<ApiProblem>(status, ApiProblem.ContentType);
        }

        return route;
    }

    private static async Task<IResult> Answer(Task<ApiResponse> operation) => new ApiResult(await operation);
}
