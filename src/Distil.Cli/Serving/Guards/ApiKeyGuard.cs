using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.Guards;

/// <summary>Admits requests that carry the API key: as <c>Authorization: Bearer KEY</c>, or as the password of <c>Basic</c>, for which browsers ask their
/// user.</summary>
/// <remarks>The path of the health check is open: it shows nothing of the runs, and a prober has no key.</remarks>
internal sealed class ApiKeyGuard(RequestDelegate next, string apiKey, string openPath, Refusal refuse)
{
    private readonly SecretComparison _key = new(apiKey);

    public Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path == openPath || _key.Fits(SecretComparison.In(http.Request.Headers.Authorization)))
        {
            return next(http);
        }

        http.Response.Headers.Append("WWW-Authenticate", "Bearer realm=\"distil\"");
        http.Response.Headers.Append("WWW-Authenticate", "Basic realm=\"distil\", charset=\"UTF-8\"");
        return refuse(401, "the API key is missing or wrong; expected Authorization: Bearer KEY").ExecuteAsync(http);
    }
}
