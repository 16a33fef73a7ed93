using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Sends what changes a repository: JSON to the hub, with the token, and files to the storage that the hub names, without it.</summary>
internal sealed class HubApi(HubOptions options, ResilientHttp http)
{
    /// <summary>The type of Git LFS's messages.</summary>
    internal const string Lfs = "application/vnd.git-lfs+json";

    /// <summary>Posts a document.</summary>
    /// <param name="url">In the hub, or where the hub says.</param>
    /// <param name="about">The repository, for messages.</param>
    /// <param name="type">The document's media type.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <param name="mayExist">Whether it is fine if what is created exists.</param>
    /// <returns>The answer; null if it is empty.</returns>
    /// <exception cref="Errors.InvalidInputException">The hub refuses.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, or does not answer as a hub does.</exception>
    internal async Task<JsonNode?> PostAsync(Uri url, HubPath about, string type, string document, CancellationToken cancel, bool mayExist = false)
    {
        var body = Encoding.UTF8.GetBytes(document);
        using var response = await http.SendAsync(url, here => ValueTask.FromResult(Request(here, body, type)), options.IsHub, cancel, body.Length);
        if (mayExist && response.StatusCode == HttpStatusCode.Conflict)
        {
            return null;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw HubRefusal.OfWriting(response, about, options);
        }

        using var answer = await http.Bodies.ReadAllAsync(response, cancel);
        try
        {
            return answer.Length == 0 ? null : JsonNode.Parse(answer);
        }
        catch (JsonException error)
        {
            throw HubRefusal.NoHub(url, error);
        }
    }

    /// <summary>Puts a part of a file where the hub says.</summary>
    /// <param name="url">A signed URL.</param>
    /// <param name="file">The file.</param>
    /// <param name="from">First byte of the part.</param>
    /// <param name="length">Bytes of the part.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The part's entity tag; empty if the storage gives none.</returns>
    /// <exception cref="RemoteException">The storage cannot be reached, or refuses.</exception>
    internal async Task<string> PutAsync(Uri url, string file, long from, long length, CancellationToken cancel)
    {
        using var response = await http.SendAsync(
            url, here => ValueTask.FromResult(new HttpRequestMessage(HttpMethod.Put, here) { Content = new FilePart(file, from, length) }), _ => false, cancel,
            length);
        return response.IsSuccessStatusCode
            ? response.Headers.ETag?.ToString() ?? ""
            : throw new RemoteException($"{file}: {url.GetLeftPart(UriPartial.Path)} answered {(int)response.StatusCode} {response.ReasonPhrase} to its upload");
    }

    private HttpRequestMessage Request(Uri url, byte[] body, string type)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, url)
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = MediaTypeHeaderValue.Parse(type) } },
        };
        request.Headers.Accept.ParseAdd(type == Lfs ? Lfs : "application/json");
        if (options.IsHub(url)) // other servers must not learn the token
        {
            request.Headers.Authorization = new("Bearer", options.Token);
        }

        return request;
    }
}
