using System.Text;
using System.Text.Json.Nodes;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;
using Microsoft.AspNetCore.Http;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Writes an answer: whole, or as a stream of server-sent events.</summary>
internal sealed class Answer(StudentModel model, IAnswerForm form, AnswerStream stream, GenerationRequest request)
{
    private readonly string _id = form.IdPrefix + Guid.NewGuid().ToString("N");
    private readonly long _created = DateTimeOffset.UtcNow.ToUnixTimeSeconds();

    /// <summary>The whole answer.</summary>
    internal async Task<JsonObject> WholeAsync(CancellationToken cancel)
    {
        var (text, tokens, finish) = (new StringBuilder(), new List<TextToken>(), (FinishReason?)null);
        await foreach (var piece in stream.PiecesAsync(cancel))
        {
            text.Append(piece.Text);
            tokens.AddRange(piece.Tokens);
            finish = piece.FinishReason;
        }

        var body = Body(streamed: false, form.Choice(text.ToString(), Probabilities(tokens), finish));
        body["usage"] = Usage();
        return body;
    }

    /// <summary>Streams the answer. An error before the first piece is the caller's to report; a later one becomes an event.</summary>
    internal async Task StreamAsync(HttpResponse response, CancellationToken cancel)
    {
        var first = true;
        await using var pieces = stream.PiecesAsync(cancel).GetAsyncEnumerator(cancel);
        for (var more = await pieces.MoveNextAsync(); more;)
        {
            if (first)
            {
                response.ContentType = "text/event-stream";
                response.Headers.CacheControl = "no-cache";
            }

            var piece = pieces.Current;
            await SendAsync(response, Body(streamed: true, form.PieceChoice(piece, Probabilities(piece.Tokens), first)), cancel);
            first = false;
            try
            {
                more = await pieces.MoveNextAsync();
            }
            catch (Exception failure) when (failure is not OperationCanceledException)
            {
                await SendAsync(response, OpenAiError.Body(500, failure.Message), cancel);
                return;
            }
        }

        if (request.IncludeUsage)
        {
            var last = Body(streamed: true);
            last["usage"] = Usage();
            await SendAsync(response, last, cancel);
        }

        await WriteAsync(response, "[DONE]", cancel);
    }

    private JsonObject Body(bool streamed, params JsonNode?[] choices) => new()
    {
        ["id"] = _id, ["object"] = form.ObjectName(streamed), ["created"] = _created, ["model"] = model.Name, ["choices"] = new JsonArray(choices),
    };

    private JsonObject Usage() => new()
    {
        ["prompt_tokens"] = stream.PromptTokens,
        ["completion_tokens"] = stream.Tokens,
        ["total_tokens"] = stream.PromptTokens + stream.Tokens,
    };

    private JsonNode? Probabilities(IReadOnlyList<TextToken> tokens) =>
        request.Answer.TopLogProbabilities is null || tokens.Count == 0 ? null : form.LogProbabilities(tokens, model.Tokenizer);

    private static Task SendAsync(HttpResponse response, JsonObject body, CancellationToken cancel) => WriteAsync(response, body.ToJsonString(), cancel);

    private static async Task WriteAsync(HttpResponse response, string data, CancellationToken cancel)
    {
        await response.WriteAsync($"data: {data}\n\n", cancel);
        await response.Body.FlushAsync(cancel);
    }
}
