using System.Text.Json.Nodes;
using Distil.Core;
using Distil.Core.Tokenization;
using Distil.Onnx.Graphs;
using Distil.Onnx.Students;

namespace Distil.Onnx.Exports;

/// <summary><c>genai_config.json</c>, by which ONNX Runtime GenAI runs a model. Its type <c>decoder</c> is that of any model with tokens in and logits out;
/// inputs and outputs of the state have the names that the runtime has for recurrent layers.</summary>
internal static class GenAiConfig
{
    internal const string FileName = "genai_config.json";

    // A call takes memory for T² numbers in each head. The runtime asks for a longest text; a student has none.
    private const int Piece = 256, LongestText = 1 << 20;

    /// <summary>Writes it.</summary>
    /// <param name="student">The student's folder.</param>
    /// <param name="folder">Where to.</param>
    internal static void Write(string student, string folder)
    {
        using var opened = OpenedStudent.Open(student);
        var ends = File.Exists(Path.Combine(student, "tokenizer.json")) ? EndTokens.Of(student, HuggingFaceTokenizer.Load(student)).Order().ToArray() : [];
        var config = new JsonObject
        {
            ["model"] = new JsonObject
            {
                ["type"] = "decoder",
                ["vocab_size"] = opened.VocabularySize,
                ["context_length"] = LongestText,
                ["eos_token_id"] = new JsonArray([.. ends.Select(end => (JsonNode)end)]),
                ["pad_token_id"] = ends.Length > 0 ? ends[0] : 0,
                ["decoder"] = new JsonObject
                {
                    ["filename"] = OnnxStudent.FileName,
                    ["session_options"] = new JsonObject { ["provider_options"] = new JsonArray() },
                    // Of attention's cache, which no layer has; the runtime asks for numbers above 0.
                    ["num_hidden_layers"] = 1, ["num_attention_heads"] = 1, ["num_key_value_heads"] = 1, ["head_size"] = 1, ["hidden_size"] = 1,
                    ["inputs"] = new JsonObject { ["input_ids"] = TextGraph.Tokens },
                    ["outputs"] = new JsonObject { ["logits"] = TextGraph.Logits },
                },
            },
            ["search"] = new JsonObject { ["max_length"] = opened.ContextLength, ["chunk_size"] = Piece },
        };
        AtomicFile.WriteText(Path.Combine(folder, FileName), config.ToJsonString(DistilJson.Indented));
    }
}
