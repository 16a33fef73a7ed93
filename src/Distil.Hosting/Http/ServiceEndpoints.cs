using System.Net.Mime;
using Distil.Core.Api;
using Distil.Core.Api.Documents;
using Distil.Core.Specification.Schema;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Distil.Hosting.Http;

/// <summary>The operations that concern no run: health and the schema.</summary>
/// <param name="api">The operations.</param>
public sealed class ServiceEndpoints(DistilApi api)
{
    /// <summary>Whether the service can work.</summary>
    /// <param name="cancel">Cancels the call.</param>
    [ProducesResponseType<HealthDocument>(503, MediaTypeNames.Application.Json)]
    public async Task<Results<Ok<HealthDocument>, JsonHttpResult<HealthDocument>>> HealthAsync(CancellationToken cancel)
    {
        var health = await api.HealthAsync(cancel);
        return health.IsHealthy ? TypedResults.Ok(health) : TypedResults.Json(health, statusCode: StatusCodes.Status503ServiceUnavailable);
    }

    /// <summary>The JSON Schema of run specifications, for editors and for checks before submission.</summary>
    [ProducesResponseType<object>(200, "application/schema+json")]
    public static ContentHttpResult Schema() => TypedResults.Text(RunSpecSchema.Published, "application/schema+json");
}
