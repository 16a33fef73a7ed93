using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Endpoints;

/// <summary>OpenAI's completions with vLLM's <c>prompt_logprobs</c> (vllm/entrypoints/openai/completion/protocol.py).</summary>
/// <remarks>Entry t of <c>prompt_logprobs</c> is the distribution of token t; that of the token after the prompt belongs to a token which is generated for
/// it. Each entry has the token of the prompt beside the most probable ones, by id.</remarks>
internal sealed class VllmProtocol : IEndpointProtocol
{
    private const string TokenPrefix = "token_id:";

    /// <inheritdoc/>
    public string Resource => "/v1/completions";

    /// <inheritdoc/>
    public JsonObject RowRequest(string model, ReadOnlyMemory<int> tokens, int count)
    {
        var request = Request(model, JsonSerializer.SerializeToNode(tokens.ToArray())!, count);
        request["prompt_logprobs"] = count;
        request["return_token_ids"] = true;
        return request;
    }

    /// <inheritdoc/>
    public JsonObject TextRequest(string model, string text)
    {
        var request = Request(model, JsonValue.Create(text), 1);
        request["echo"] = true;
        request["add_special_tokens"] = false;
        return request;
    }

    /// <inheritdoc/>
    public EndpointAnswer ReadRow(JsonElement answer)
    {
        var choice = answer.GetProperty("choices")[0];
        var prompt = choice.GetProperty("prompt_logprobs").EnumerateArray().ToList();
        var named = choice.TryGetProperty("prompt_token_ids", out var ids) && ids.ValueKind == JsonValueKind.Array
            ? ids.EnumerateArray().Select(id => (int?)id.GetInt32())
            : prompt.Select(_ => (int?)null); // servers before vLLM 0.10.2
        var next = choice.GetProperty("logprobs").GetProperty("top_logprobs")[0].EnumerateObject()
            .Select(score => EndpointAnswer.Score(IdOf(score.Name), score.Value));
        return new([.. named],
        [
            .. prompt.Skip(1).Select(position => (IReadOnlyList<TokenScore>)[.. position.EnumerateObject()
                .Select(score => EndpointAnswer.Score(int.Parse(score.Name, CultureInfo.InvariantCulture), score.Value.GetProperty("logprob")))]),
            [.. next],
        ]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> ReadText(JsonElement answer) =>
    [
        .. answer.GetProperty("choices")[0].GetProperty("logprobs").GetProperty("tokens").EnumerateArray()
            .Select(token => IdOf(token.GetString() ?? throw new FormatException("a token has no name"))).SkipLast(1), // the last one is generated
    ];

    /// <summary>A request for one further token from the whole distribution: a server's usual settings of sampling may change what it reports.</summary>
    private static JsonObject Request(string model, JsonNode prompt, int count) => new()
    {
        ["model"] = model,
        ["prompt"] = prompt,
        ["max_tokens"] = 1,
        ["temperature"] = 1,
        ["top_p"] = 1,
        ["top_k"] = -1,
        ["min_p"] = 0,
        ["repetition_penalty"] = 1,
        ["logprobs"] = count,
        ["return_tokens_as_token_ids"] = true,
    };

    private static int IdOf(string token) => token.StartsWith(TokenPrefix, StringComparison.Ordinal)
        ? int.Parse(token.AsSpan(TokenPrefix.Length), CultureInfo.InvariantCulture)
        : throw new FormatException($"a token is named {Errors.Shown.Short(token)} instead of {TokenPrefix}…");
}
