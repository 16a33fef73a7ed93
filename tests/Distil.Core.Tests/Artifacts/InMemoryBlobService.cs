using System.Collections.Concurrent;
using System.Collections.Specialized;
using System.Globalization;
using System.Net;
using System.Text;
using System.Web;
using System.Xml.Linq;
using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

/// <summary>As much of the Blob service as the store uses, behind the real client: what it sends and how it retries is tested too.</summary>
/// <remarks><c>ArtifactStoreContract</c> and <c>LeaseContract</c> hold it against Azurite.</remarks>
internal sealed partial class InMemoryBlobService : HttpMessageHandler
{
    private readonly Dictionary<string, byte[]> _uncommitted = [];

    /// <value>Content by blob name; tests may change it.</value>
    public ConcurrentDictionary<string, byte[]> Blobs { get; } = new();

    /// <value>Times that a blob was written, by name.</value>
    public ConcurrentDictionary<string, int> Writes { get; } = new();

    /// <value>Called after each change of a blob or of its lease, one at a time, with the blob's name.</value>
    public Action<string>? Changed { get; set; }

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

    /// <summary>Opens the store.</summary>
    /// <param name="between">Sees each request before the service does.</param>
    public ArtifactStore OpenStore(DelegatingHandler? between = null)
    {
        var options = ArtifactStore.ClientOptions();
        between?.InnerHandler = this;
        options.Transport = new HttpClientTransport(new HttpClient(between ?? (HttpMessageHandler)this));
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
            if (request.Method == HttpMethod.Get && query["comp"] == "list")
            {
                return List(query["prefix"] ?? "", query["delimiter"]);
            }

            var response = UnmetCondition(name, request) ?? request.Method.Method switch
            {
                "GET" => Get(name, request),
                "HEAD" => Head(name),
                "DELETE" => Delete(name, request),
                _ => query["comp"] == "lease" ? ChangeLease(name, request) : Put(name, query, request, content),
            };
            if (response.IsSuccessStatusCode && request.Method != HttpMethod.Get && request.Method != HttpMethod.Head)
            {
                Changed?.Invoke(name);
            }

            return response;
        }
    }

    private HttpResponseMessage Head(string name)
    {
        if (!Blobs.TryGetValue(name, out var found))
        {
            return NotFound();
        }

        var response = Describe(Respond(HttpStatusCode.OK), found);
        response.Content.Headers.ContentLength = found.Length;
        response.Headers.Add("x-ms-lease-state", LeaseStateOf(name));
        return response;
    }

    private HttpResponseMessage Delete(string name, HttpRequestMessage request)
    {
        if (!Blobs.ContainsKey(name))
        {
            return NotFound();
        }

        if (LeaseForbids(name, request) is { } forbidden)
        {
            return forbidden;
        }

        Blobs.TryRemove(name, out _);
        Forget(name);
        return Respond(HttpStatusCode.Accepted);
    }

    private HttpResponseMessage Put(string name, NameValueCollection query, HttpRequestMessage request, byte[] content)
    {
        if (query["comp"] == "block")
        {
            _uncommitted[query["blockid"]!] = content;
            return Respond(HttpStatusCode.Created);
        }

        if (LeaseForbids(name, request) is { } forbidden)
        {
            return forbidden;
        }

        if (query["comp"] == "appendblock")
        {
            if (!Blobs.TryGetValue(name, out var before))
            {
                return NotFound();
            }

            if (Header(request, "x-ms-blob-condition-appendpos") is { } position && position != before.Length.ToString(CultureInfo.InvariantCulture))
            {
                return Fail(HttpStatusCode.PreconditionFailed, "AppendPositionConditionNotMet");
            }

            content = [.. before, .. content];
        }
        else if (query["comp"] == "blocklist")
        {
            var list = XDocument.Parse(Encoding.UTF8.GetString(content).TrimStart('\uFEFF'));
            content = [.. list.Root!.Elements().SelectMany(id => _uncommitted[id.Value])];
        }

        Blobs[name] = content;
        Writes.AddOrUpdate(name, 1, (_, times) => times + 1);
        return Describe(Respond(HttpStatusCode.Created), content);
    }

    private HttpResponseMessage Get(string name, HttpRequestMessage request)
    {
        if (!Blobs.TryGetValue(name, out var blob))
        {
            return NotFound();
        }

        var asked = Header(request, "x-ms-range")?["bytes=".Length..].Split('-');
        if (asked is null)
        {
            return Describe(Respond(HttpStatusCode.OK, blob), blob);
        }

        var first = long.Parse(asked[0], CultureInfo.InvariantCulture);
        if (first >= blob.Length)
        {
            return Fail(HttpStatusCode.RequestedRangeNotSatisfiable, "InvalidRange");
        }

        var last = asked[1].Length == 0 ? blob.Length - 1 : Math.Min(long.Parse(asked[1], CultureInfo.InvariantCulture), blob.Length - 1);
        var response = Describe(Respond(HttpStatusCode.PartialContent, blob[(int)first..(int)(last + 1)]), blob);
        response.Content.Headers.ContentRange = new(first, last, blob.Length);
        return response;
    }
}
