using System.Text.Json.Nodes;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>An answer as a text that continues the prompt.</summary>
internal sealed class CompletionForm : IAnswerForm
{
    /// <inheritdoc/>
    public string IdPrefix => "cmpl-";

    /// <inheritdoc/>
    public string ObjectName(bool streamed) => "text_completion";

    /// <inheritdoc/>
    public JsonObject Choice(string text, JsonNode? logprobs, FinishReason? finishReason) => new()
    {
        ["index"] = 0, ["text"] = text, ["logprobs"] = logprobs, ["finish_reason"] = IAnswerForm.NameOf(finishReason),
    };

    /// <inheritdoc/>
    public JsonObject PieceChoice(AnswerPiece piece, JsonNode? logprobs, bool first) => new()
    {
        ["index"] = 0, ["text"] = piece.Text, ["logprobs"] = logprobs, ["finish_reason"] = IAnswerForm.NameOf(piece.FinishReason),
    };

    /// <inheritdoc/>
    public JsonNode LogProbabilities(IReadOnlyList<TextToken> tokens, HuggingFaceTokenizer tokenizer) => new JsonObject
    {
        ["tokens"] = new JsonArray([.. tokens.Select(token => JsonValue.Create(tokenizer.Decode([token.Token])))]),
        ["token_logprobs"] = new JsonArray([.. tokens.Select(token => JsonValue.Create(token.Probabilities!.Chosen))]),
        ["top_logprobs"] = new JsonArray([.. tokens.Select(token =>
        {
            var top = new JsonObject();
            foreach (var (likely, logProbability) in token.Probabilities!.Top)
            {
                top[tokenizer.Decode([likely])] = logProbability; // two tokens may be parts of a character and read alike
            }

            return top;
        })]),
    };
}
