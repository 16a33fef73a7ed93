using System.Globalization;
using System.Net;
using System.Runtime.CompilerServices;
using System.Security;
using System.Text;

namespace Distil.Core.Tests.Artifacts;

/// <content>Conditions, listings and the form of answers.</content>
internal sealed partial class InMemoryBlobService
{
    // Each write stores a new array, so each content has its own ETag.
    private readonly ConditionalWeakTable<byte[], string> _tags = [];
    private int _lastTag;

    private string TagOf(byte[] content) => _tags.GetValue(content, _ => string.Create(CultureInfo.InvariantCulture, $"\"0x{++_lastTag:X}\""));

    // If-Match and If-None-Match, of reads, writes and lease operations alike.
    private HttpResponseMessage? UnmetCondition(string name, HttpRequestMessage request)
    {
        var tag = Blobs.TryGetValue(name, out var content) ? TagOf(content) : null;
        if (request.Headers.IfMatch.Count > 0 && !request.Headers.IfMatch.Any(wanted => tag is not null && (wanted.Tag == "*" || wanted.Tag == tag)))
        {
            return tag is null && request.Method != HttpMethod.Put ? NotFound() : Fail(HttpStatusCode.PreconditionFailed, "ConditionNotMet");
        }

        return request.Headers.IfNoneMatch.Any(unwanted => tag is not null && (unwanted.Tag == "*" || unwanted.Tag == tag))
            ? request.Method == HttpMethod.Put ? Fail(HttpStatusCode.Conflict, "BlobAlreadyExists") : Respond(HttpStatusCode.NotModified)
            : null;
    }

    private HttpResponseMessage List(string prefix, string? delimiter)
    {
        var names = Blobs.Keys.Where(name => name.StartsWith(prefix, StringComparison.Ordinal))
            .Select(name => delimiter is not null && name.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal) is >= 0 and var end ? name[..(end + 1)] : name)
            .Distinct().Order(StringComparer.Ordinal);
        var blobs = string.Concat(names.Select(name => delimiter is not null && name.EndsWith(delimiter, StringComparison.Ordinal)
            ? $"<BlobPrefix><Name>{SecurityElement.Escape(name)}</Name></BlobPrefix>"
            : $"<Blob><Name>{SecurityElement.Escape(name)}</Name><Properties><Last-Modified>{DateTimeOffset.UnixEpoch:R}</Last-Modified><Etag>{TagOf(Blobs[name]).Trim('"')}</Etag><Content-Length>{Blobs[name].Length}</Content-Length></Properties></Blob>"));
        var xml = $"<?xml version=\"1.0\"?><EnumerationResults ContainerName=\"distil\"><Blobs>{blobs}</Blobs><NextMarker /></EnumerationResults>";
        var response = Respond(HttpStatusCode.OK, Encoding.UTF8.GetBytes(xml));
        response.Content.Headers.ContentType = new("application/xml");
        return response;
    }

    private HttpResponseMessage Describe(HttpResponseMessage response, byte[] content)
    {
        response.Headers.ETag = new(TagOf(content));
        response.Content.Headers.LastModified = DateTimeOffset.UnixEpoch;
        return response;
    }

    private static string? Header(HttpRequestMessage request, string name) => request.Headers.TryGetValues(name, out var values) ? values.Single() : null;

    private static HttpResponseMessage NotFound() => Fail(HttpStatusCode.NotFound, "BlobNotFound");

    private static HttpResponseMessage Fail(HttpStatusCode status, string code)
    {
        var response = Respond(status);
        response.Headers.Add("x-ms-error-code", code);
        return response;
    }

    private static HttpResponseMessage Respond(HttpStatusCode status, byte[]? content = null)
    {
        var response = new HttpResponseMessage(status) { Content = new ByteArrayContent(content ?? []) };
        response.Content.Headers.ContentLength = content?.Length ?? 0; // the client does not ask the content for its length
        return response;
    }
}
