using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Specification;

namespace Distil.Core.Endpoints;

/// <summary>Sends requests to a teacher's server and reads its answers, which are JSON; retries what may pass.</summary>
/// <param name="endpoint">The server.</param>
/// <param name="http">Sends the requests.</param>
/// <param name="keys">Keys of servers.</param>
internal sealed class EndpointHttp(EndpointSpec endpoint, ResilientHttp http, EndpointKeys keys)
{
    /// <summary>How long a server may be silent: it reads a row only when it has read those before it.</summary>
    internal static readonly TimeSpan Silence = TimeSpan.FromMinutes(5);

    private const int MaxBytes = 1 << 29, MessageLength = 300;

    /// <summary>Sends a request until its whole answer has come.</summary>
    /// <param name="resource">The path below the server's root.</param>
    /// <param name="document">The request's document; null for GET.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The server refuses the request.</exception>
    /// <exception cref="RemoteException">The server cannot be reached, or fails on every try.</exception>
    public async Task<JsonDocument> AskAsync(string resource, JsonObject? document, CancellationToken cancel)
    {
        var url = EndpointAddress.Of(endpoint.Url, resource);
        var body = document is null ? null : JsonSerializer.SerializeToUtf8Bytes(document);
        JsonDocument? answer = null;
        await http.Bodies.UntilWholeAsync(
            Shown(url),
            () => 0, // an answer cannot be resumed: each try begins it
            async () =>
            {
                using var response = await http.SendAsync(url, here => ValueTask.FromResult(Request(here, body)), _ => false, cancel, body?.Length ?? 0);
                using var bytes = await http.Bodies.ReadWholeAsync(response, MaxBytes, cancel) ?? throw new InvalidInputException(
                    FieldPath.Parse("teacher.keep.maxTokens"),
                    $"makes {Shown(url)} answer with more than {MaxBytes >> 20} MiB a row; expected fewer tokens, or a smaller dataset.contextLength");
                answer = response.IsSuccessStatusCode ? Parse(bytes) : throw Refusal(url, response, bytes);
                return true;
            },
            cancel);
        return answer!;
    }

    /// <summary>An answer that no server of this kind gives.</summary>
    public InvalidInputException NotUnderstood(string resource, Exception cause) => new(
        FieldPath.Parse("teacher.endpoint"),
        $"{Shown(EndpointAddress.Of(endpoint.Url, resource))} does not answer as {DistilJson.Word(endpoint.Api)} does ({cause.Message}); "
        + "expected log-probabilities of the prompt's tokens, by id (teacher.endpoint.api names the server's program)");

    private HttpRequestMessage Request(Uri url, byte[]? body)
    {
        var request = new HttpRequestMessage(body is null ? HttpMethod.Get : HttpMethod.Post, url);
        if (body is not null)
        {
            request.Content = new ByteArrayContent(body) { Headers = { ContentType = new("application/json") } };
        }

        if (keys.KeyFor(url) is { } key)
        {
            request.Headers.Authorization = new("Bearer", key);
        }

        return request;
    }

    private static JsonDocument Parse(Stream bytes)
    {
        try
        {
            return JsonDocument.Parse(bytes);
        }
        catch (JsonException error)
        {
            throw new HttpRequestException($"its answer is no JSON: {error.Message}", error); // cut by a proxy, or its own error page
        }
    }

    private InvalidInputException Refusal(Uri url, HttpResponseMessage response, MemoryStream body)
    {
        var said = $"{Shown(url)} answers {(int)response.StatusCode} {response.ReasonPhrase}{MessageIn(body)}";
        return new InvalidInputException(FieldPath.Parse("teacher.endpoint"), (int)response.StatusCode switch
        {
            >= 300 and < 400 => $"{said}; expected the server's own URL, because redirects are not followed",
            401 or 403 => keys.KeyFor(url) is null
                ? $"{said}; no key is set for it: expected {endpoint.Url}=KEY in {EndpointKeys.Variable}"
                    + (WebUrl.IsReadable(url) ? "" : ", with the server behind https://, because a key is sent in the open otherwise")
                : $"{said}; expected a valid key in {EndpointKeys.Variable}",
            404 => $"{said}; expected a server of {DistilJson.Word(endpoint.Api)} with the model {endpoint.Model}",
            _ => $"{said}; expected a server that allows teacher.keep.maxTokens log-probabilities (vLLM: --max-logprobs) and rows of "
                + "dataset.contextLength tokens and one more",
        });
    }

    /// <summary>The message of an error: in OpenAI's form, or directly in the document.</summary>
    private static string MessageIn(MemoryStream body)
    {
        try
        {
            var root = JsonNode.Parse(body) as JsonObject;
            return (root?["error"]?["message"] ?? root?["message"]) is JsonValue message ? $": {Errors.Shown.Short(message.ToString(), MessageLength)}" : "";
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException)
        {
            return "";
        }
    }

    private static string Shown(Uri url) => url.GetLeftPart(UriPartial.Path);
}
