using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Endpoints;

/// <summary>SGLang's own <c>/generate</c> (python/sglang/srt/managers/io_struct.py): each score is a list of log-probability, id and text.</summary>
/// <remarks>Entry t of <c>input_top_logprobs</c> is the distribution of token t, without the first; that of the token after the prompt belongs to a token which
/// is generated for it.</remarks>
internal sealed class SglangProtocol : IEndpointProtocol
{
    /// <inheritdoc/>
    public string Resource => "/generate";

    /// <inheritdoc/>
    public JsonObject RowRequest(string model, ReadOnlyMemory<int> tokens, int count) =>
        Request("input_ids", JsonSerializer.SerializeToNode(tokens.ToArray())!, count);

    /// <inheritdoc/>
    public JsonObject TextRequest(string model, string text) => Request("text", JsonValue.Create(text), 1);

    /// <inheritdoc/>
    public EndpointAnswer ReadRow(JsonElement answer)
    {
        var about = answer.GetProperty("meta_info");
        return new(
            [.. Tokens(answer).Select(id => (int?)id)],
            [.. about.GetProperty("input_top_logprobs").EnumerateArray().Skip(1).Append(about.GetProperty("output_top_logprobs")[0])
                .Select(position => (IReadOnlyList<TokenScore>)[.. position.EnumerateArray().Select(score => EndpointAnswer.Score(score[1].GetInt32(), score[0]))])]);
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> ReadText(JsonElement answer) => [.. Tokens(answer)];

    private static IEnumerable<int> Tokens(JsonElement answer) =>
        answer.GetProperty("meta_info").GetProperty("input_token_logprobs").EnumerateArray().Select(token => token[1].GetInt32());

    private static JsonObject Request(string kind, JsonNode prompt, int count) => new()
    {
        [kind] = prompt,
        ["sampling_params"] = new JsonObject
        {
            ["max_new_tokens"] = 1, ["temperature"] = 1, ["top_p"] = 1, ["top_k"] = -1, ["min_p"] = 0, ["repetition_penalty"] = 1,
        },
        ["return_logprob"] = true,
        ["logprob_start_len"] = 0,
        ["top_logprobs_num"] = count,
    };
}
