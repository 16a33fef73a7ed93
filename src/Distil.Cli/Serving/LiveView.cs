using Distil.Hosting.Http;
using Distil.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing;

namespace Distil.Cli.Serving;

/// <summary>The live view at <c>/</c>.</summary>
internal static class LiveView
{
    /// <param name="routes">Where it is added.</param>
    /// <param name="samples">As for <see cref="LiveSite"/>.</param>
    internal static void Map(IEndpointRouteBuilder routes, string? samples)
    {
        var site = new LiveSite(samples);
        routes.MapGet("/{**name}", (string? name, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch) => (IResult)new ApiResult(site.Get(name, ifNoneMatch)))
            .ExcludeFromDescription();
    }
}
