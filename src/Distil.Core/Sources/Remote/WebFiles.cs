using System.Net;
using System.Net.Http.Headers;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Sources.Remote;

/// <summary>Files behind <c>https://</c> URLs, including blobs of Azure Storage: found by a request for their first byte, read in parts.</summary>
/// <remarks><c>http://</c> is allowed only on this machine itself. Messages contain a URL without its query, which may be a secret.</remarks>
/// <param name="http">Sends the requests.</param>
/// <param name="azure">Access to blobs of Azure Storage.</param>
/// <param name="signed">Signatures for other files; for blobs they take precedence.</param>
internal sealed class WebFiles(ResilientHttp http, AzureAccess azure, SignedUrls signed)
{
    private const int MaxTries = 10;

    /// <summary>Finds a file; null if the server answers that there is none.</summary>
    /// <param name="url">The URL.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The file may not be read, or the server does not support parts of files or gives no version.</exception>
    /// <exception cref="RemoteException">The server cannot be reached, or fails.</exception>
    public async Task<SourceFile?> FindAsync(string url, FieldPath field, CancellationToken cancel)
    {
        using var response = await SendAsync(Parse(url, field), new RangeHeaderValue(0, 0), cancel);
        if (response.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.Gone)
        {
            return null;
        }

        RequireSuccess(url, response, field);
        var bytes = response.Content.Headers.ContentRange?.Length
            ?? throw new InvalidInputException(
                field, $"{WebUrl.WithoutQuery(url)}: its server sends no parts of files (HTTP Range); expected one that does, or a local copy");
        var version = WebVersion.Of(response)
            ?? throw new InvalidInputException(
                field,
                $"{WebUrl.WithoutQuery(url)}: its server gives neither ETag nor Last-Modified, so that a change would not be seen; "
                + "expected one that does, or a local copy");
        return Of(url, bytes, version);
    }

    /// <summary>Returns the blobs that match a URL with wildcards, sorted; only Azure Storage can list them.</summary>
    /// <exception cref="InvalidInputException">The URL is of another server, or the blobs may not be listed.</exception>
    public async Task<IReadOnlyList<SourceFile>> ListAsync(string url, FieldPath field, CancellationToken cancel)
    {
        var parts = url.Split('?', 2);
        var (query, pattern) = (parts.Length > 1 ? "?" + parts[1] : "", new GlobPattern(parts[0]));
        var root = Parse(pattern.Root + "/", field);
        var signature = signed.QueryFor(root);
        if (!azure.IsBlob(root) && !AzureAccess.IsShared(signature))
        {
            throw new InvalidInputException(
                field, $"{WebUrl.WithoutQuery(url)}: only blobs of Azure Storage can be listed; expected the URL of each file, or hf://");
        }

        var builder = new Azure.Storage.Blobs.BlobUriBuilder(root);
        var prefix = builder.BlobName;
        builder.BlobName = "";
        builder.Query = query.Length > 0 ? query[1..] : signature;
        var blobs = await azure.ListAsync(builder.ToUri(), prefix, cancel);
        return [.. blobs
            .Where(blob => pattern.Matches(Uri.UnescapeDataString(blob.Url)[(pattern.Root.Length + 1)..]))
            .Select(blob => Of(blob.Url + query, blob.Bytes, blob.ETag))
            .OrderBy(file => file.Path, StringComparer.Ordinal)];
    }

    /// <summary>Opens a found file as a seekable stream.</summary>
    public Stream Open(SourceFile file, CancellationToken cancel) =>
        new WebStream(file, http.Bodies, (range, stop) => SendAsync(Parse(file.Path, FieldPath.Named("path")), range, stop), cancel);

    /// <summary>Throws unless the request succeeded.</summary>
    public static void RequireSuccess(string url, HttpResponseMessage response, FieldPath field)
    {
        var status = (int)response.StatusCode;
        if (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
        {
            return;
        }

        throw status switch
        {
            404 or 410 => new InvalidInputException(field, $"{WebUrl.WithoutQuery(url)} does not exist ({status})"),
            401 or 403 or 409 => new InvalidInputException(
                field,
                $"{WebUrl.WithoutQuery(url)} may not be read ({status} {response.ReasonPhrase}); expected a public file, "
                + $"a machine whose identity may read it, or its URL with a signature (SAS) in {SignedUrls.Variable}"),
            _ => new RemoteException($"{WebUrl.WithoutQuery(url)}: its server answered {status} {response.ReasonPhrase}"),
        };
    }

    private static SourceFile Of(string url, long bytes, string version) =>
        new() { Path = url, Bytes = bytes, ETag = version, Identity = $"web:{WebUrl.WithoutQuery(url)} {version} {bytes}" };

    private static Uri Parse(string url, FieldPath field) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && WebUrl.IsReadable(uri)
            ? uri
            : throw new InvalidInputException(
                field, $"{WebUrl.WithoutQuery(url)} cannot be read; expected a local path, hf://owner/name[@revision][/path] or https://…");

    // Repeats the request if an account needs this machine's identity: from then on, requests to it carry a token.
    private async Task<HttpResponseMessage> SendAsync(Uri url, RangeHeaderValue range, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var response = await http.SendAsync(
                url, next => RequestAsync(next, range, cancel), next => MayFollow(url, next), cancel);
            var (asked, token) = (response.RequestMessage!.RequestUri!, response.RequestMessage.Headers.Authorization);
            if (tries == MaxTries || token is not null || !AzureAccess.MayNeedIdentity(asked, response.StatusCode))
            {
                return response;
            }

            azure.UseIdentity(asked);
            response.Dispose();
        }
    }

    /// <summary>Whether a redirect is followed. A server elsewhere must not make this machine read what only this machine can reach.</summary>
    /// <exception cref="InvalidInputException">It leads to this machine, or to something that is not read.</exception>
    internal static bool MayFollow(Uri url, Uri next)
    {
        var field = FieldPath.Named("redirect");
        return next.IsLoopback && !url.IsLoopback
            ? throw new InvalidInputException(field, $"{WebUrl.WithoutQuery(url.AbsoluteUri)} redirects to this machine ({next.Host}); expected a file elsewhere")
            : Parse(next.AbsoluteUri, field) is not null;
    }

    private async ValueTask<HttpRequestMessage> RequestAsync(Uri url, RangeHeaderValue range, CancellationToken cancel)
    {
        url = azure.Sign(signed.Sign(url));
        var request = new HttpRequestMessage(HttpMethod.Get, url) { Headers = { Range = range } };
        request.Headers.AcceptEncoding.ParseAdd("identity");
        if (azure.UsesIdentity(url))
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await azure.TokenAsync(url, cancel));
            request.Headers.Add("x-ms-version", "2023-11-03"); // without it, Azure Storage accepts no token
        }

        return request;
    }
}
