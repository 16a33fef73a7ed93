using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.Guards;

/// <summary>Admits requests that carry the API key: as <c>Authorization: Bearer KEY</c>, or as the password of <c>Basic</c>, for which browsers ask their
/// user.</summary>
/// <remarks>The path of the health check is open: it shows nothing of the runs, and a prober has no key.</remarks>
internal sealed class ApiKeyGuard(RequestDelegate next, string apiKey, string openPath, Refusal refuse)
{
    private readonly byte[] _expected = Digest(apiKey);

    public Task InvokeAsync(HttpContext http)
    {
        if (http.Request.Path == openPath
            || (KeyOf(http.Request.Headers.Authorization) is { } key && CryptographicOperations.FixedTimeEquals(Digest(key), _expected)))
        {
            return next(http);
        }

        http.Response.Headers.Append("WWW-Authenticate", "Bearer realm=\"distil\"");
        http.Response.Headers.Append("WWW-Authenticate", "Basic realm=\"distil\", charset=\"UTF-8\"");
        return refuse(401, "the API key is missing or wrong; expected Authorization: Bearer KEY").ExecuteAsync(http);
    }

    // Equally long for every key, so that the comparison's time tells nothing, not even a length.
    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));

    private static string? KeyOf(string? authorization)
    {
        if (!AuthenticationHeaderValue.TryParse(authorization, out var header) || header.Parameter is null)
        {
            return null;
        }

        if (string.Equals(header.Scheme, "Bearer", StringComparison.OrdinalIgnoreCase))
        {
            return header.Parameter;
        }

        var credentials = new byte[header.Parameter.Length];
        return string.Equals(header.Scheme, "Basic", StringComparison.OrdinalIgnoreCase)
            && Convert.TryFromBase64String(header.Parameter, credentials, out var length)
            && Encoding.UTF8.GetString(credentials, 0, length) is var text && text.IndexOf(':') is >= 0 and var colon
                ? text[(colon + 1)..]
                : null;
    }
}
