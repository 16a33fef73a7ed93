using System.Text.Json.Nodes;
using Distil.Core.Tokenization;
using Distil.Inference.Answers;
using Distil.Inference.Scheduling;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>How the pieces of an answer are written: as a chat's message or as a completion's text.</summary>
internal interface IAnswerForm
{
    /// <value>Prefix of the answer's id.</value>
    string IdPrefix { get; }

    /// <summary>Value of <c>object</c>.</summary>
    string ObjectName(bool streamed);

    /// <summary>The choice of a whole answer.</summary>
    JsonObject Choice(string text, JsonNode? logprobs, FinishReason? finishReason);

    /// <summary>The choice of a piece.</summary>
    /// <param name="piece">The piece.</param>
    /// <param name="logprobs">Its probabilities.</param>
    /// <param name="first">Whether it is the first.</param>
    JsonObject PieceChoice(AnswerPiece piece, JsonNode? logprobs, bool first);

    /// <summary>Log-probabilities in the form's own shape.</summary>
    JsonNode LogProbabilities(IReadOnlyList<TextToken> tokens, HuggingFaceTokenizer tokenizer);

    /// <summary>OpenAI's name of a reason; null if the answer goes on.</summary>
    static string? NameOf(FinishReason? reason) => reason switch
    {
        FinishReason.Stop => "stop",
        FinishReason.Length => "length",
        _ => null,
    };
}
