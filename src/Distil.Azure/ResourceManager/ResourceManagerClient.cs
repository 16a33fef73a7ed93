using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure.Core;

namespace Distil.Azure.ResourceManager;

/// <summary>Requests to Azure Resource Manager: signed in, tried again while the service is in trouble, followed to their end where they take long.</summary>
/// <param name="http">Sends them; its own time-out bounds one try.</param>
/// <param name="credential">Whose rights they use.</param>
/// <param name="options">Pauses and bounds.</param>
/// <param name="time">The clock of all pauses.</param>
public sealed class ResourceManagerClient(HttpClient http, TokenCredential credential, ResourceManagerOptions options, TimeProvider time)
{
    private readonly TokenRequestContext _scope = new([new Uri(options.Endpoint, ".default").ToString()]);

    /// <summary>Reads a resource.</summary>
    /// <returns>Null where it does not exist.</returns>
    /// <exception cref="ResourceManagerException">It could not be read.</exception>
    public async Task<JsonNode?> TryGetAsync(string path, CancellationToken cancel)
    {
        using var response = await SendAsync(HttpMethod.Get, new Uri(options.Endpoint, path), null, once: false, cancel);
        return response.StatusCode == HttpStatusCode.NotFound ? null : await BodyAsync(response, cancel);
    }

    /// <summary>Reads a collection, page after page; nothing where it does not exist.</summary>
    /// <exception cref="ResourceManagerException">It could not be read.</exception>
    public async IAsyncEnumerable<JsonNode> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var next = path; next is not null;)
        {
            var page = await TryGetAsync(Trusted(new Uri(next, UriKind.RelativeOrAbsolute)).PathAndQuery, cancel);
            foreach (var item in page?["value"] as JsonArray ?? [])
            {
                yield return item!;
            }

            next = page?["nextLink"]?.GetValue<string>();
        }
    }

    /// <summary>Does an action of a resource and waits until it is done.</summary>
    /// <param name="path">The action.</param>
    /// <param name="body">What it is given; null for nothing.</param>
    /// <param name="once">Whether it must not be done twice: then a lost answer is an error (<see cref="ResourceManagerException.MayHaveBeenDone"/>).</param>
    /// <param name="cancel">Cancels the call, not the action.</param>
    /// <returns>Its answer; null where it answers without a body, or where the resource does not exist.</returns>
    /// <exception cref="ResourceManagerException">It was refused, failed, or took too long (<see cref="ResourceManagerOptions.LongestOperation"/>).</exception>
    public async Task<JsonNode?> PostAsync(string path, JsonNode? body, bool once, CancellationToken cancel)
    {
        var started = time.GetTimestamp();
        var response = await SendAsync(HttpMethod.Post, new Uri(options.Endpoint, path), body, once, cancel);
        try
        {
            while (response.StatusCode == HttpStatusCode.Accepted && response.Headers.Location is { } location)
            {
                if (time.GetElapsedTime(started) > options.LongestOperation)
                {
                    throw new ResourceManagerException(response.StatusCode, $"POST {path} is still under way after {options.LongestOperation}");
                }

                await Task.Delay(RetryPause.Asked(response.Headers.RetryAfter, time.GetUtcNow()) ?? options.OperationPause, time, cancel);
                response.Dispose();
                response = await SendAsync(HttpMethod.Get, Trusted(location), null, once: false, cancel);
            }

            return response.StatusCode == HttpStatusCode.NotFound ? null : await BodyAsync(response, cancel);
        }
        finally
        {
            response.Dispose();
        }
    }

    // Success and "not found" come back; everything else is tried again or thrown.
    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri uri, JsonNode? body, bool once, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var (response, fault) = await TryAsync(method, uri, body, cancel);
            if (response is not null && (response.IsSuccessStatusCode || response.StatusCode == HttpStatusCode.NotFound))
            {
                return response;
            }

            using (response)
            {
                if (tries >= options.MaxTries || !RetryPause.MayPass(response?.StatusCode, once))
                {
                    throw await ErrorAsync(method, uri, response, fault, tries, cancel);
                }

                await Task.Delay(RetryPause.After(options, tries, response?.Headers.RetryAfter, time.GetUtcNow()), time, cancel);
            }
        }
    }

    private async Task<(HttpResponseMessage? Response, Exception? Fault)> TryAsync(HttpMethod method, Uri uri, JsonNode? body, CancellationToken cancel)
    {
        // Asked for at each try: the credential keeps its tokens and renews one that runs out during a long pause.
        var token = await credential.GetTokenAsync(_scope, cancel);
        using var request = new HttpRequestMessage(method, uri);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token.Token);
        if (body is not null)
        {
            request.Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json");
        }

        try
        {
            return (await http.SendAsync(request, cancel), null);
        }
        catch (Exception fault) when (fault is HttpRequestException || (fault is TaskCanceledException && !cancel.IsCancellationRequested))
        {
            return (null, fault);
        }
    }

    // The token goes to the endpoint alone, wherever an answer points.
    private Uri Trusted(Uri location)
    {
        var uri = new Uri(options.Endpoint, location);
        return Uri.Compare(uri, options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? uri
            : throw new ResourceManagerException(HttpStatusCode.Accepted, $"the service points to {uri.Host}, not {options.Endpoint.Host}; not followed");
    }

    private static async Task<JsonNode?> BodyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        return text.Length == 0 ? null : JsonNode.Parse(text);
    }

    private static async Task<ResourceManagerException> ErrorAsync(
        HttpMethod method, Uri uri, HttpResponseMessage? response, Exception? fault, int tries, CancellationToken cancel)
    {
        var what = $"{method} {uri.AbsolutePath}";
        if (response is null)
        {
            return new ResourceManagerException(null, $"{what}: no answer in {tries} tries: {fault!.Message}", fault);
        }

        var said = Said(await response.Content.ReadAsStringAsync(cancel));
        return new ResourceManagerException(response.StatusCode, $"{what}: {(int)response.StatusCode} {said}");
    }

    // Resource Manager says {"error":{"code":…,"message":…}}; a proxy before it may say anything.
    private static string Said(string body)
    {
        try
        {
            return JsonNode.Parse(body)?["error"] is JsonObject error ? $"{error["code"]}: {error["message"]}" : body;
        }
        catch (JsonException)
        {
            return body;
        }
    }
}
