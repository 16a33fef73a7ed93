using Distil.Core.Http;

namespace Distil.Core.Endpoints;

/// <summary>The URL of a server that computes a teacher's outputs.</summary>
internal static class EndpointAddress
{
    private const string Version = "/v1";

    /// <summary>What is wrong with a URL, as the rest of a sentence that begins with its field; null if it can be used.</summary>
    public static string? Fault(string url)
    {
        const string expected = "expected a server's URL, for instance http://localhost:8000";
        return Uri.TryCreate(url, UriKind.Absolute, out var parsed) && (parsed.Scheme == Uri.UriSchemeHttps || parsed.Scheme == Uri.UriSchemeHttp)
            ? parsed switch
            {
                { UserInfo.Length: > 0 } => $"is {UrlSecrets.Without(url)} with a user's name or password; {expected}, and its key in {EndpointKeys.Variable}",
                { Query.Length: > 0 } or { Fragment.Length: > 0 } => $"is {WebUrl.WithoutQuery(url)} with a query; {expected}, and its key in {EndpointKeys.Variable}",
                _ => null,
            }
            : $"is {UrlSecrets.Without(url)}; {expected}";
    }

    /// <summary>The URL of a resource of the server.</summary>
    /// <param name="url">A URL without fault.</param>
    /// <param name="resource">Its path below the root, beginning with '/'.</param>
    public static Uri Of(string url, string resource)
    {
        var root = url.TrimEnd('/');
        return new Uri((root.EndsWith(Version, StringComparison.Ordinal) ? root[..^Version.Length] : root) + resource);
    }
}
