using Distil.Core.Api;
using Distil.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.Azure.Functions.Worker;

namespace Distil.Functions.Http;

/// <summary>What is not of a run: health, the schema, the live view.</summary>
/// <param name="api">The operations.</param>
public sealed class ServiceFunctions(DistilApi api)
{
    private static readonly LiveSite Site = new(samples: null); // jobs are on other machines

    /// <summary>Whether the service can work.</summary>
    [Function("get-health")]
    public Task<IResult> HealthAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/health")] HttpRequest request, CancellationToken cancel) =>
        RunFunctions.AnswerAsync(api.HealthAsync(cancel));

    /// <summary>The JSON Schema of specifications.</summary>
    [Function("get-schema")]
    public Task<IResult> SchemaAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "api/schema")] HttpRequest request) =>
        RunFunctions.AnswerAsync(DistilApi.SchemaAsync());

    /// <summary>The live view's files; they hold nothing of a run.</summary>
    /// <remarks>The host tries routes in the order of the functions' names, so this one must stand behind all others that answer GET.</remarks>
    [Function("live-view")]
    public Task<IResult> LiveViewAsync([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "{*name}")] HttpRequest request, string? name) =>
        RunFunctions.AnswerAsync(Task.FromResult(Site.Get(name, request.Headers.IfNoneMatch)));
}
