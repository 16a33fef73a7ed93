using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>A pattern that splits a text, in this program and in Hugging Face's.</summary>
internal static class SplitPattern
{
    /// <summary>The number of the word of each byte of a text; null if the pattern is refused.</summary>
    internal static int[]? Words(string pattern, string text)
    {
        try
        {
            var words = new List<Word>();
            new WordSplitter([SplitStep.Of(pattern, keepGaps: true)]).Split(text, words);
            return [.. words.SelectMany((word, i) => Enumerable.Repeat(i, Encoding.UTF8.GetByteCount(text.AsSpan(word.Start, word.Length))))];
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    /// <summary>A tokenizer of bytes that splits by a pattern first.</summary>
    internal static JsonObject Tokenizer(string pattern)
    {
        var byteLevel = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = false };
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray(),
            ["pre_tokenizer"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["pretokenizers"] = new JsonArray(
                    new JsonObject
                    {
                        ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false,
                    },
                    byteLevel),
            },
            ["decoder"] = byteLevel.DeepClone(),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["vocab"] = new JsonObject(Enumerable.Range(0, 256).Select(value => KeyValuePair.Create(ByteAlphabet.Character((byte)value).ToString(), (JsonNode?)value))),
                ["merges"] = new JsonArray(),
            },
        };
    }
}
