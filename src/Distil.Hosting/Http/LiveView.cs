using Distil.Web;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Distil.Hosting.Http;

/// <summary>The live view over HTTP.</summary>
/// <param name="site">Its files.</param>
public sealed class LiveView(LiveSite site)
{
    // A page runs this server's own scripts, asks this server alone, and is shown in no other site's frame.
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    /// <summary>A file of the live view: 200 with an ETag, 304 if the browser has it, or 404.</summary>
    /// <param name="name">Its name; null or empty for <c>index.html</c>.</param>
    /// <param name="response">Gets the headers.</param>
    public Results<FileContentHttpResult, ProblemHttpResult> File(string? name, HttpResponse response)
    {
        if (site.Find(name) is not { } file)
        {
            return ApiProblem.Of(StatusCodes.Status404NotFound, $"/{name} is not served here; /openapi.json lists what is");
        }

        (response.Headers.CacheControl, response.Headers.ContentSecurityPolicy) = ("no-cache", Policy);
        return TypedResults.Bytes(file.Content, file.ContentType, entityTag: ContentTag.Of(file.Content));
    }
}
