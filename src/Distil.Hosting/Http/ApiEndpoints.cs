using System.Net.Mime;
using Distil.Core;
using Distil.Core.Specification;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Distil.Hosting.Http;

/// <summary>Registers the API's endpoints and maps them to their paths.</summary>
public static class ApiEndpoints
{
    /// <summary>Registers the endpoints. They need a <see cref="Core.Api.DistilApi"/>, its options and a live site, which the host registers.</summary>
    public static IServiceCollection AddDistilEndpoints(this IServiceCollection services) => services
        .ConfigureHttpJsonOptions(json => DistilJson.Configure(json.SerializerOptions)) // for the answers and for the schemas that describe them
        .AddSingleton<RunEndpoints>()
        .AddSingleton<RunDocumentEndpoints>()
        .AddSingleton<ServiceEndpoints>()
        .AddSingleton<LiveView>();

    /// <summary>Maps every operation, and the live view to all other paths.</summary>
    public static void MapDistilEndpoints(this IEndpointRouteBuilder routes)
    {
        var runs = routes.ServiceProvider.GetRequiredService<RunEndpoints>();
        var documents = routes.ServiceProvider.GetRequiredService<RunDocumentEndpoints>();
        routes.MapPost(ApiRoutes.Runs, runs.SubmitAsync).WithName("submitRun").Accepts<RunSpec>(MediaTypeNames.Application.Json);
        routes.MapPost(ApiRoutes.PlanNew, runs.PlanNewAsync).WithName("planRun").Accepts<RunSpec>(MediaTypeNames.Application.Json);
        routes.MapGet(ApiRoutes.Runs, runs.ListAsync).WithName("listRuns");
        routes.MapGet(ApiRoutes.Run, runs.ReadAsync).WithName("getRun");
        routes.MapPost(ApiRoutes.Cancel, runs.CancelAsync).WithName("cancelRun");
        routes.MapPost(ApiRoutes.Retry, runs.RetryAsync).WithName("retryRun");
        routes.MapDelete(ApiRoutes.Run, runs.DeleteAsync).WithName("deleteRun");
        routes.MapGet(ApiRoutes.Log, documents.LogAsync).WithName("getLog");
        routes.MapGet(ApiRoutes.Spec, documents.SpecAsync).WithName("getSpec");
        routes.MapGet(ApiRoutes.Plan, documents.PlanAsync).WithName("getPlan");
        routes.MapGet(ApiRoutes.Metrics, documents.MetricsAsync).WithName("getMetrics");
        routes.MapGet(ApiRoutes.Epochs, documents.EpochsAsync).WithName("getEpochs");
        routes.MapGet(ApiRoutes.Report, documents.ReportAsync).WithName("getReport");
        routes.MapGet(ApiRoutes.Model, documents.ModelAsync).WithName("getModel");
        routes.MapGet(ApiRoutes.Artifacts, documents.ArtifactsAsync).WithName("listArtifacts");
        routes.MapGet(ApiRoutes.Artifact, documents.ArtifactAsync).WithName("getArtifact");
        var service = routes.ServiceProvider.GetRequiredService<ServiceEndpoints>();
        routes.MapGet(ApiRoutes.Schema, ServiceEndpoints.Schema).WithName("getSchema");
        routes.MapGet(ApiRoutes.Health, service.HealthAsync).WithName("getHealth");
        routes.MapMethods(ApiRoutes.LiveView, [HttpMethods.Get, HttpMethods.Head], routes.ServiceProvider.GetRequiredService<LiveView>().File)
            .ExcludeFromDescription();
        routes.MapMethods(ApiRoutes.Report, [HttpMethods.Head], documents.ReportAsync).ExcludeFromDescription();
        routes.MapMethods(ApiRoutes.Model, [HttpMethods.Head], documents.ModelAsync).ExcludeFromDescription();
        routes.MapMethods(ApiRoutes.Artifact, [HttpMethods.Head], documents.ArtifactAsync).ExcludeFromDescription();
    }
}
