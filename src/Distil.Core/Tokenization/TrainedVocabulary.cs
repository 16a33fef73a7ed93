using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Tokenization;

/// <summary>A vocabulary that <see cref="BpeTrainer"/> learned.</summary>
/// <param name="Tokens">Tokens by id, spelled in the byte alphabet.</param>
/// <param name="Merges">Pairs to merge, in order of priority.</param>
public sealed record TrainedVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges)
{
    private static readonly JsonSerializerOptions Format = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes <c>tokenizer.json</c> and <c>tokenizer_config.json</c>, which Hugging Face can read as well.</summary>
    /// <param name="folder">Created if it is missing; files of these names are replaced.</param>
    public void Save(string folder)
    {
        Directory.CreateDirectory(folder);
        Write(Path.Combine(folder, "tokenizer.json"), Tokenizer());
        Write(Path.Combine(folder, "tokenizer_config.json"), new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["eos_token"] = BpeTrainer.EndOfText,
            ["pad_token"] = BpeTrainer.EndOfText,
            ["clean_up_tokenization_spaces"] = false,
        });
    }

    private JsonObject Tokenizer() => new()
    {
        ["version"] = "1.0",
        ["truncation"] = null,
        ["padding"] = null,
        ["added_tokens"] = new JsonArray(new JsonObject
        {
            ["id"] = 0,
            ["content"] = BpeTrainer.EndOfText,
            ["single_word"] = false,
            ["lstrip"] = false,
            ["rstrip"] = false,
            ["normalized"] = false,
            ["special"] = true,
        }),
        ["normalizer"] = new JsonObject { ["type"] = "NFC" },
        ["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject
                {
                    ["type"] = "Split",
                    ["pattern"] = new JsonObject { ["Regex"] = BpeTrainer.WordPattern },
                    ["behavior"] = "Isolated",
                    ["invert"] = false,
                },
                ByteLevel(addPrefixSpace: false, useRegex: false)),
        },
        ["post_processor"] = null,
        ["decoder"] = ByteLevel(addPrefixSpace: true, useRegex: true),
        ["model"] = new JsonObject
        {
            ["type"] = "BPE",
            ["dropout"] = null,
            ["unk_token"] = null,
            ["continuing_subword_prefix"] = null,
            ["end_of_word_suffix"] = null,
            ["fuse_unk"] = false,
            ["byte_fallback"] = false,
            ["ignore_merges"] = false,
            ["vocab"] = new JsonObject(Tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            ["merges"] = new JsonArray([.. Merges.Select(pair => new JsonArray(pair.Left, pair.Right))]),
        },
    };

    private static JsonObject ByteLevel(bool addPrefixSpace, bool useRegex) => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = addPrefixSpace,
        ["trim_offsets"] = true,
        ["use_regex"] = useRegex,
    };

    private static void Write(string path, JsonObject content) => AtomicFile.WriteText(path, content.ToJsonString(Format) + "\n");
}
