using Distil.Hosting.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Distil.Functions.Http;

/// <summary>HTTP triggers for what concerns no run: health, the schema, the live view.</summary>
/// <param name="service">Health and the schema.</param>
/// <param name="liveView">The live view.</param>
public sealed class ServiceFunctions(ServiceEndpoints service, LiveView liveView)
{
    /// <inheritdoc cref="ServiceEndpoints.HealthAsync" />
    [Function("get-health")]
    public async Task<IResult> HealthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Health)] HttpRequest request,
        CancellationToken cancel) =>
        await service.HealthAsync(cancel);

    /// <inheritdoc cref="ServiceEndpoints.Schema" />
    [Function("get-schema")]
    public IResult Schema([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.Schema)] HttpRequest request) => ServiceEndpoints.Schema();

    /// <summary>The live view's files; they contain nothing of a run.</summary>
    /// <remarks>The Functions host tries routes in the order of the functions' names, so this one must come after all others that answer GET.</remarks>
    [Function("live-view")]
    public IResult File([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = ApiRoutes.LiveView)] HttpRequest request, string? name) =>
        liveView.File(name, request.HttpContext.Response);
}
