using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Sends what changes a repository: JSON to the hub, with the token, and files to the storage that the hub names, without it.</summary>
internal sealed class HubApi(HubOptions options, ResilientHttp http)
{
    /// <summary>The type of Git LFS's messages.</summary>
    internal const string Lfs = "application/vnd.git-lfs+json";

    /// <value>The hub's URL without a '/' at its end.</value>
    internal string Endpoint { get; } = options.Endpoint.ToString().TrimEnd('/');

    /// <summary>Posts a document.</summary>
    /// <param name="url">In the hub, or where the hub says.</param>
    /// <param name="about">The repository, for messages.</param>
    /// <param name="type">The document's media type.</param>
    /// <param name="content">The document; written again for each try.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <param name="mayExist">Whether it is fine if what is created exists.</param>
    /// <returns>The answer; null if it is empty.</returns>
    /// <exception cref="Errors.InvalidInputException">The hub refuses.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, or does not answer as a hub does.</exception>
    internal async Task<JsonNode?> PostAsync(Uri url, HubPath about, string type, Func<HttpContent> content, CancellationToken cancel, bool mayExist = false)
    {
        using var response = await http.SendAsync(url, here => ValueTask.FromResult(Request(HttpMethod.Post, here, content(), type)), IsHub, cancel);
        if (mayExist && response.StatusCode == HttpStatusCode.Conflict)
        {
            return null;
        }

        if (!response.IsSuccessStatusCode)
        {
            throw HubRefusal.OfWriting(response, about, options);
        }

        var text = await response.Content.ReadAsStringAsync(cancel);
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException error)
        {
            throw NoHub(url, error);
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
            url, here => ValueTask.FromResult(new HttpRequestMessage(HttpMethod.Put, here) { Content = new FilePart(file, from, length) }), _ => false, cancel);
        return response.IsSuccessStatusCode
            ? response.Headers.ETag?.ToString() ?? ""
            : throw new RemoteException($"{file}: {url.GetLeftPart(UriPartial.Path)} answered {(int)response.StatusCode} {response.ReasonPhrase} to its upload");
    }

    /// <summary>The error about an answer that is not a hub's.</summary>
    internal static RemoteException NoHub(Uri url, Exception? cause = null) =>
        new($"{url.GetLeftPart(UriPartial.Path)} does not answer as a Hugging Face hub does; is HF_ENDPOINT right?", cause);

    private HttpRequestMessage Request(HttpMethod method, Uri url, HttpContent content, string type)
    {
        content.Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        var request = new HttpRequestMessage(method, url) { Content = content };
        request.Headers.Accept.ParseAdd(type == Lfs ? Lfs : "application/json");
        if (IsHub(url)) // other servers must not learn the token
        {
            request.Headers.Authorization = new("Bearer", options.Token);
        }

        return request;
    }

    private bool IsHub(Uri url) =>
        Uri.Compare(url, options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0;
}
