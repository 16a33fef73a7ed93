using System.Text.Json.Nodes;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>An answer as a chat's message.</summary>
internal sealed class ChatForm : IAnswerForm
{
    /// <inheritdoc/>
    public string IdPrefix => "chatcmpl-";

    /// <inheritdoc/>
    public string ObjectName(bool streamed) => streamed ? "chat.completion.chunk" : "chat.completion";

    /// <inheritdoc/>
    public JsonObject Choice(string text, JsonNode? logprobs, FinishReason? finishReason) => new()
    {
        ["index"] = 0,
        ["message"] = new JsonObject { ["role"] = "assistant", ["content"] = text, ["refusal"] = null },
        ["logprobs"] = logprobs,
        ["finish_reason"] = IAnswerForm.NameOf(finishReason),
    };

    /// <inheritdoc/>
    public JsonObject PieceChoice(AnswerPiece piece, JsonNode? logprobs, bool first)
    {
        var delta = new JsonObject();
        if (first)
        {
            delta["role"] = "assistant";
        }

        if (piece.Text.Length > 0 || first)
        {
            delta["content"] = piece.Text;
        }

        return new() { ["index"] = 0, ["delta"] = delta, ["logprobs"] = logprobs, ["finish_reason"] = IAnswerForm.NameOf(piece.FinishReason) };
    }

    /// <inheritdoc/>
    public JsonNode LogProbabilities(IReadOnlyList<TextToken> tokens, HuggingFaceTokenizer tokenizer) => new JsonObject
    {
        ["content"] = new JsonArray([.. tokens.Select(token =>
        {
            var entry = Entry(token.Token, token.Probabilities!.Chosen, tokenizer);
            entry["top_logprobs"] = new JsonArray([.. token.Probabilities.Top.Select(top => Entry(top.Key, top.Value, tokenizer))]);
            return entry;
        })]),
        ["refusal"] = null,
    };

    private static JsonObject Entry(int token, double logProbability, HuggingFaceTokenizer tokenizer) => new()
    {
        ["token"] = tokenizer.Decode([token]),
        ["logprob"] = logProbability,
        ["bytes"] = new JsonArray([.. tokenizer.BytesOf(token).ToArray().Select(each => JsonValue.Create((int)each))]),
    };
}
