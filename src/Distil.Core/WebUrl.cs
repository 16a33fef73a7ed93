namespace Distil.Core;

/// <summary>Paths that are URLs of files.</summary>
internal static class WebUrl
{
    /// <summary>Whether files can be read from a URL: <c>https://</c>, or <c>http://</c> on this machine itself.</summary>
    public static bool IsReadable(Uri url) => url.Scheme == Uri.UriSchemeHttps || (url.Scheme == Uri.UriSchemeHttp && url.IsLoopback);

    /// <summary>Returns a URL without its query, which may be a secret, and any other path unchanged.</summary>
    public static string WithoutQuery(string path) => path.Contains("://", StringComparison.Ordinal) ? path.Split('?', 2)[0] : path;
}
