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
    internal static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/{**name}", (string? name, [FromHeader(Name = "If-None-Match")] string? ifNoneMatch) => (IResult)new ApiResult(LiveSite.Get(name, ifNoneMatch)))
        .ExcludeFromDescription();
}
