using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Azure;
using Azure.Core;
using Azure.Core.Pipeline;

namespace Distil.Azure.ResourceManager;

/// <summary>Client of Azure Resource Manager. Azure.Core's pipeline authenticates, retries and traces each request; long-running operations are
/// awaited.</summary>
public sealed class ResourceManagerClient
{
    private readonly ResourceManagerOptions _options;
    private readonly TimeProvider _time;
    private readonly HttpPipeline _pipeline;
    private readonly DelayStrategy _pollDelay;

    /// <summary>Makes a client.</summary>
    /// <param name="credential">Authenticates the requests.</param>
    /// <param name="options">Endpoint, retries and time limits.</param>
    /// <param name="time">Clock of the waits for long-running operations.</param>
    public ResourceManagerClient(TokenCredential credential, ResourceManagerOptions options, TimeProvider time)
    {
        _options = options;
        _time = time;
        _pipeline = HttpPipelineBuilder.Build(options, new BearerTokenAuthenticationPolicy(credential, new Uri(options.Endpoint, ".default").ToString()));
        _pollDelay = DelayStrategy.CreateFixedDelayStrategy(options.PollInterval);
    }

    /// <summary>Reads a resource.</summary>
    /// <returns>Null if it does not exist.</returns>
    /// <exception cref="ResourceManagerException">It could not be read.</exception>
    public async Task<JsonNode?> TryGetAsync(string path, CancellationToken cancel)
    {
        using var response = await SendAsync(RequestMethod.Get, new Uri(_options.Endpoint, path), null, once: false, cancel);
        return BodyOf(response);
    }

    /// <summary>Reads a collection, page by page; a collection that does not exist is empty.</summary>
    /// <exception cref="ResourceManagerException">It could not be read.</exception>
    public async IAsyncEnumerable<JsonNode> ListAsync(string path, [EnumeratorCancellation] CancellationToken cancel)
    {
        for (var next = path; next is not null;)
        {
            var page = await TryGetAsync(Trusted(next).PathAndQuery, cancel);
            foreach (var item in page?["value"] as JsonArray ?? [])
            {
                yield return item!;
            }

            next = page?["nextLink"]?.GetValue<string>();
        }
    }

    /// <summary>Creates a resource with a name that the caller gives. It is safe to repeat the request, so a lost response is not an error.</summary>
    /// <param name="path">The resource.</param>
    /// <param name="body">Its description.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The resource; null if the one in which it would be created does not exist.</returns>
    /// <exception cref="ResourceManagerException">It was refused, or failed on every try.</exception>
    public async Task<JsonNode?> PutAsync(string path, JsonNode body, CancellationToken cancel)
    {
        using var response = await SendAsync(RequestMethod.Put, new Uri(_options.Endpoint, path), body, once: false, cancel);
        return BodyOf(response);
    }

    /// <summary>Calls an action of a resource and waits until it is done.</summary>
    /// <param name="path">The action.</param>
    /// <param name="body">The request's body; null for none.</param>
    /// <param name="once">Whether it must not be executed twice: then a lost response is an error
    /// (<see cref="ResourceManagerException.MayHaveBeenDone"/>).</param>
    /// <param name="cancel">Cancels the call, not the action.</param>
    /// <returns>The response's body; null if it has none, or if the resource does not exist.</returns>
    /// <exception cref="ResourceManagerException">It was refused, failed, or took too long (<see cref="ResourceManagerOptions.MaxOperationTime"/>).</exception>
    public async Task<JsonNode?> PostAsync(string path, JsonNode? body, bool once, CancellationToken cancel)
    {
        var started = _time.GetTimestamp();
        var response = await SendAsync(RequestMethod.Post, new Uri(_options.Endpoint, path), body, once, cancel);
        for (var polls = 1; response.Status == (int)HttpStatusCode.Accepted && response.Headers.TryGetValue("Location", out var location); polls++)
        {
            using (response)
            {
                if (_time.GetElapsedTime(started) > _options.MaxOperationTime)
                {
                    throw new ResourceManagerException((HttpStatusCode)response.Status, $"POST {path} is still under way after {_options.MaxOperationTime}");
                }

                await Task.Delay(_pollDelay.GetNextDelay(response, polls), _time, cancel);
            }

            response = await SendAsync(RequestMethod.Get, Trusted(location), null, once: false, cancel);
        }

        using (response)
        {
            return BodyOf(response);
        }
    }

    // Returns a success or "not found"; any other response is an error after the pipeline's retries.
    private async Task<Response> SendAsync(RequestMethod method, Uri uri, JsonNode? body, bool once, CancellationToken cancel)
    {
        var message = _pipeline.CreateMessage();
        message.Request.Method = method;
        message.Request.Uri.Reset(uri);
        if (once)
        {
            message.ResponseClassifier = RefusalClassifier.Instance;
        }

        if (body is not null)
        {
            message.Request.Headers.Add(HttpHeader.Common.JsonContentType);
            message.Request.Content = RequestContent.Create(BinaryData.FromString(body.ToJsonString()));
        }

        var what = $"{method} {uri.AbsolutePath}";
        try
        {
            await _pipeline.SendAsync(message, cancel);
        }
        catch (Exception fault) when (fault is RequestFailedException or IOException or AggregateException
            || (fault is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            var last = fault is AggregateException tries ? tries.InnerExceptions[^1] : fault;
            throw new ResourceManagerException(null, $"{what}: no answer in {message.ProcessingContext.RetryNumber + 1} tries: {last.Message}", fault);
        }

        if (!message.Response.IsError || message.Response.Status == (int)HttpStatusCode.NotFound)
        {
            return message.Response;
        }

        using var refused = message.Response;
        throw new ResourceManagerException((HttpStatusCode)refused.Status, $"{what}: {refused.Status} {ErrorOf(refused.Content.ToString())}");
    }

    // The access token is sent to the endpoint only, whatever URL a response names.
    private Uri Trusted(string location)
    {
        var uri = new Uri(_options.Endpoint, location);
        return Uri.Compare(uri, _options.Endpoint, UriComponents.SchemeAndServer, UriFormat.Unescaped, StringComparison.OrdinalIgnoreCase) == 0
            ? uri
            : throw new ResourceManagerException(HttpStatusCode.Accepted, $"the service points to {uri.Host}, not {_options.Endpoint.Host}; not followed");
    }

    private static JsonNode? BodyOf(Response response) =>
        response.Status == (int)HttpStatusCode.NotFound || response.Content.ToMemory().IsEmpty ? null : JsonNode.Parse(response.Content.ToString());

    // Resource Manager answers {"error":{"code":…,"message":…}}; a proxy in front of it can answer anything.
    private static string ErrorOf(string body)
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
