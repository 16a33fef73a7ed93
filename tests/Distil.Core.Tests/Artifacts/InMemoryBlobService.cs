using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security;
using System.Web;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

/// <summary>As much of the Blob service as the store uses, behind the real client: what it sends and how it tries again is tested too.</summary>
internal sealed class InMemoryBlobService : HttpMessageHandler
{
    private readonly Dictionary<string, byte[]> _uncommitted = [];

    /// <value>Content by blob name; tests may change it.</value>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <value>Lease by blob name; tests may take one away.</value>
    public ConcurrentDictionary<string, string> Leases { get; } = new();

    /// <value>Names of blobs whose lease ran out.</value>
    public HashSet<string> ExpiredLeases { get; } = [];

    /// <value>Times that a blob was written, by name.</value>
    public ConcurrentDictionary<string, int> Writes { get; } = new();

    /// <value>Blocks that were staged, committed or not.</value>
    public int StagedBlocks
    {
        get
        {
            lock (Blobs)
            {
                return _uncommitted.Count;
            }
        }
    }

    /// <value>How many of the next requests are answered with 503.</value>
    public int Faults { get; set; }

    public ArtifactStore OpenStore()
    {
        var options = ArtifactStore.ClientOptions();
        options.Transport = new HttpClientTransport(new HttpClient(this));
        options.Retry.Delay = TimeSpan.FromMilliseconds(1);
        return new ArtifactStore(new BlobContainerClient(new Uri("http://127.0.0.1:10000/account/distil"), options));
    }

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        var content = request.Content is null ? [] : await request.Content.ReadAsByteArrayAsync(cancel);
        lock (Blobs)
        {
            if (Faults > 0)
            {
                Faults--;
                return Respond(HttpStatusCode.ServiceUnavailable);
            }

            var query = HttpUtility.ParseQueryString(request.RequestUri!.Query);
            var name = Uri.UnescapeDataString(request.RequestUri.AbsolutePath)["/account/distil".Length..].TrimStart('/');
            return request.Method.Method switch
            {
                "GET" when query["comp"] == "list" => List(query["prefix"] ?? "", query["delimiter"]),
                "GET" => Get(name, request),
                "HEAD" => Blobs.TryGetValue(name, out var found) ? Leased(name, Properties(Respond(HttpStatusCode.OK), found.Length)) : NotFound(),
                "DELETE" => Respond(Blobs.TryRemove(name, out _) ? HttpStatusCode.Accepted : HttpStatusCode.NotFound),
                _ => Put(name, query, request, content),
            };
        }
    }

    private HttpResponseMessage Put(string name, System.Collections.Specialized.NameValueCollection query, HttpRequestMessage request, byte[] content)
    {
        if (request.Headers.IfNoneMatch.Count > 0 && Blobs.ContainsKey(name))
        {
            return Fail(HttpStatusCode.Conflict, "BlobAlreadyExists");
        }

        if (query["comp"] == "lease")
        {
            return Lease(name, request);
        }

        if (Leases.TryGetValue(name, out var lease) && Header(request, "x-ms-lease-id") != lease)
        {
            return Fail(HttpStatusCode.PreconditionFailed, "LeaseIdMissing");
        }

        if (query["comp"] is not "block")
        {
            Writes.AddOrUpdate(name, 1, (_, times) => times + 1);
        }

        switch (query["comp"])
        {
            case "block":
                _uncommitted[query["blockid"]!] = content;
                break;
            case "blocklist":
                var list = System.Xml.Linq.XDocument.Parse(System.Text.Encoding.UTF8.GetString(content).TrimStart('\uFEFF'));
                Blobs[name] = [.. list.Root!.Elements().SelectMany(id => _uncommitted[id.Value])];
                break;
            case "appendblock" when !Blobs.ContainsKey(name):
                return NotFound();
            case "appendblock" when Header(request, "x-ms-blob-condition-appendpos") is { } position && position != Blobs[name].Length.ToString(CultureInfo.InvariantCulture):
                return Fail(HttpStatusCode.PreconditionFailed, "AppendPositionConditionNotMet");
            case "appendblock":
                Blobs[name] = [.. Blobs[name], .. content];
                break;
            default:
                Blobs[name] = content;
                break;
        }

        return Properties(Respond(HttpStatusCode.Created), 0);
    }

    private HttpResponseMessage Lease(string name, HttpRequestMessage request)
    {
        var (action, id) = (Header(request, "x-ms-lease-action"), Header(request, "x-ms-lease-id") ?? Header(request, "x-ms-proposed-lease-id"));
        if (!Blobs.ContainsKey(name))
        {
            return NotFound();
        }

        if (action == "acquire" ? !Leases.TryAdd(name, id!) : action != "break" && Leases.GetValueOrDefault(name) != id)
        {
            return Fail(HttpStatusCode.Conflict, action == "acquire" ? "LeaseAlreadyPresent" : "LeaseIdMismatchWithLeaseOperation");
        }

        ExpiredLeases.Remove(name);
        if (action is "release" or "break")
        {
            Leases.TryRemove(name, out _);
        }

        var response = Properties(Respond(action switch { "acquire" => HttpStatusCode.Created, "break" => HttpStatusCode.Accepted, _ => HttpStatusCode.OK }), 0);
        response.Headers.Add("x-ms-lease-id", id);
        response.Headers.Add("x-ms-lease-time", "0");
        return response;
    }

    private static string? Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private HttpResponseMessage Get(string name, HttpRequestMessage request)
    {
        if (!Blobs.TryGetValue(name, out var blob))
        {
            return NotFound();
        }

        var asked = request.Headers.TryGetValues("x-ms-range", out var ranges) ? ranges.Single()["bytes=".Length..].Split('-') : null;
        if (asked is null || blob.Length == 0)
        {
            return asked is null
                ? Properties(Respond(HttpStatusCode.OK, blob), blob.Length)
                : Fail(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange");
        }

        var first = int.Parse(asked[0], CultureInfo.InvariantCulture);
        var last = asked[1].Length == 0 ? blob.Length - 1 : (int)Math.Min(long.Parse(asked[1], CultureInfo.InvariantCulture), blob.Length - 1);
        var response = Properties(Respond(HttpStatusCode.PartialContent, blob[first..(last + 1)]), last - first + 1);
        response.Content.Headers.ContentRange = new System.Net.Http.Headers.ContentRangeHeaderValue(first, last, blob.Length);
        return response;
    }

    private HttpResponseMessage List(string prefix, string? delimiter)
    {
        var names = Blobs.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => delimiter is not null && name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var end ? name[..(end + 1)] : name)
            .Distinct().Order(StringComparer.Ordinal);
        var blobs = string.Concat(names.Select(name => name.EndsWith('/')
            ? $"<BlobPrefix><Name>{SecurityElement.Escape(name)}</Name></BlobPrefix>"
            : $"<Blob><Name>{SecurityElement.Escape(name)}</Name><Properties><Last-Modified>Thu, 01 Jan 1970 00:00:00 GMT</Last-Modified><Content-Length>{Blobs[name].Length}</Content-Length></Properties></Blob>"));
        var xml = $"<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"distil\"><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>";
        var response = Respond(HttpStatusCode.OK, System.Text.Encoding.UTF8.GetBytes(xml));
        response.Content.Headers.ContentType = new("application/xml");
        return response;
    }

    private HttpResponseMessage Leased(string name, HttpResponseMessage response)
    {
        response.Headers.Add("x-ms-lease-state", Leases.ContainsKey(name) ? "leased" : ExpiredLeases.Contains(name) ? "expired" : "available");
        return response;
    }

    private static HttpResponseMessage NotFound() => Fail(HttpStatusCode.NotFound, "BlobNotFound");

    private static HttpResponseMessage Fail(HttpStatusCode status, string code)
    {
        var response = Respond(status);
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }

    private static HttpResponseMessage Respond(HttpStatusCode status, byte[]? content = null) => new(status) { Content = new ByteArrayContent(content ?? []) };

    private static HttpResponseMessage Properties(HttpResponseMessage response, long length)
    {
        response.Headers.ETag = new("\"0x1\"");
        response.Content.Headers.LastModified = DateTimeOffset.UnixEpoch;
        response.Content.Headers.ContentLength = response.RequestMessage?.Method == HttpMethod.Head ? length : response.Content.Headers.ContentLength;
        return response;
    }
}
