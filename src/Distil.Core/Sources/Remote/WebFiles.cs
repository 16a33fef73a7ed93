using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Errors;

namespace Distil.Core.Sources.Remote;

/// <summary>Files behind <c>https://</c> URLs, blobs of Azure Storage among them: found by a request for their first byte, read in parts.</summary>
/// <remarks><c>http://</c> only on this machine itself. What messages show of a URL is without its query, which may be a secret.</remarks>
internal sealed class WebFiles(PatientHttp http, AzureAccess azure)
{
    private const int MostRedirects = 10;

    /// <summary>Finds a file; null where the server says that there is none.</summary>
    /// <param name="url">The URL, its signature included.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="cancel">Ends the call.</param>
    /// <exception cref="InvalidInputException">No right to it, or a server that cannot be read in parts or gives no version.</exception>
    /// <exception cref="RemoteException">The server cannot be reached, or fails.</exception>
    public async Task<SourceFile?> FindAsync(string url, string field, CancellationToken cancel)
    {
        using var response = await SendAsync(Parse(url, field), new RangeHeaderValue(0, 0), cancel);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }

        RequireSuccess(url, response, field);
        var bytes = response.Content.Headers.ContentRange?.Length
            ?? throw new InvalidInputException($"{field}: {Shown(url)}: its server sends no parts of files (HTTP Range); expected one that does, or a local copy");
        var version = WebVersion.Of(response)
            ?? throw new InvalidInputException($"{field}: {Shown(url)}: its server gives neither ETag nor Last-Modified, so that a change would not be seen; expected one that does, or a local copy");
        return Of(url, bytes, version);
    }

    /// <summary>The blobs that a URL with wildcards matches, sorted; Azure Storage alone can be asked for them.</summary>
    /// <exception cref="InvalidInputException">It is of another server, or there is no right to list.</exception>
    public async Task<IReadOnlyList<SourceFile>> ListAsync(string url, string field, CancellationToken cancel)
    {
        var parts = url.Split('?', 2);
        var probe = Parse(parts[0].Split('*')[0], field);
        if (!azure.IsBlob(probe))
        {
            throw new InvalidInputException($"{field}: {Shown(url)}: only blobs of Azure Storage can be listed; expected the URL of each file, or hf://");
        }

        var (query, pattern) = (parts.Length > 1 ? "?" + parts[1] : "", new GlobPattern(parts[0]));
        var builder = new Azure.Storage.Blobs.BlobUriBuilder(new Uri(pattern.Root + "/"));
        var prefix = builder.BlobName;
        builder.BlobName = "";
        var blobs = await azure.ListAsync(new Uri(builder.ToUri().GetLeftPart(UriPartial.Path) + query), prefix, cancel);
        return [.. blobs
            .Where(blob => pattern.Matches(Uri.UnescapeDataString(blob.Url.GetLeftPart(UriPartial.Path))[(pattern.Root.Length + 1)..]))
            .Select(blob => Of(blob.Url.AbsoluteUri, blob.Bytes, blob.ETag))
            .OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>Opens a found file; it can seek.</summary>
    public Stream Open(SourceFile file, CancellationToken cancel) => new WebStream(file, http, (range, stop) => SendAsync(Parse(file.Path, "path"), range, stop), cancel);

    /// <summary>A URL without its query; another path as it is.</summary>
    public static string Shown(string path) => path.Contains("://", StringComparison.Ordinal) ? path.Split('?', 2)[0] : path;

    /// <summary>Passes where the server gave what was asked for.</summary>
    public static void RequireSuccess(string url, HttpResponseMessage response, string field)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return;
        }

        throw status switch
        {
            404 or 410 => new InvalidInputException($"{field}: {Shown(url)} does not exist ({status})"),
            401 or 403 or 409 => new InvalidInputException(
                $"{field}: {Shown(url)} may not be read ({status} {response.ReasonPhrase}); expected a public file, a URL with a signature (SAS), or a machine whose identity may read it"),
            _ => new RemoteException($"{Shown(url)}: its server answered {status} {response.ReasonPhrase}"),
        };
    }

    private static SourceFile Of(string url, long bytes, string version) =>
        new() { Path = url, Bytes = bytes, ETag = version, Identity = $"web:{Shown(url)} {version} {bytes}" };

    private static Uri Parse(string url, string field) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            ? uri
            : throw new InvalidInputException($"{field}: {Shown(url)} cannot be read; expected a local path, hf://owner/name[@revision][/path] or https://…");

    private async Task<HttpResponseMessage> SendAsync(Uri url, RangeHeaderValue range, CancellationToken cancel)
    {
        for (var redirects = 0; redirects <= MostRedirects; redirects++)
        {
            var here = azure.Sign(url);
            var token = azure.IsClosed(here) ? await azure.TokenAsync(here, cancel) : null;
            var response = await http.SendAsync(() => Request(here, range, token), cancel);
            if ((int)response.StatusCode is >= 300 and < 400 && response.Headers.Location is { } location)
            {
                response.Dispose();
                url = Parse(new Uri(here, location).AbsoluteUri, "redirect");
            }
            else if (token is null && azure.WantsIdentity(here, response.StatusCode))
            {
                response.Dispose();
            }
            else
            {
                return response;
            }
        }

        throw new RemoteException($"{Shown(url.ToString())}: redirects more than {MostRedirects} times");
    }

    private static HttpRequestMessage Request(Uri url, RangeHeaderValue range, string? token)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = range } };
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            request.Headers.Add("x-ms-version", "2023-11-03"); // without one, Azure Storage takes no token
        }

        return request;
    }
}
