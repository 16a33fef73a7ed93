using System.Text.Json.Nodes;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Real tokenizers of the families give the ids and the texts that Hugging Face's own library gives: SentencePiece's kind with a normaliser (Llama 2,
/// Mistral, Phi-3), without a word splitter (Gemma), and with Metaspace in its three forms; bytes with Llama 3's pattern.</summary>
public sealed class ReferenceFamilyTests
{
    private const int Texts = 2000;

    private static readonly string[] Parts =
    [
        " ", "  ", "\n", "\t", "a", "The", " quick", "ing", "▁", "▁▁x", "naïve", "e\u0301", "日本語", "한국어", "Привет", "مرحبا", "😀", "👩‍👩‍👧", "🏳️‍🌈", "\u00a0", "\u200b", "0", "1234", "12.5%",
        "<s>", "</s>", "<bos>", "<eos>", "<pad>", "<unk>", "<|end|>", "[INST]", "<0x0A>", "<start_of_turn>", "<|begin_of_text|>", "def f(x):\n    return x", "it's", "don't", "—", "…", "\r\n", "\u0001",
        "𝒳", "Ⅷ", "ﬁ", "½", "http://a.b/c?d=e", "'''", "ab\u0308c", "\uFFFD", "zzzz", "zzzzqqq",
    ];

    public static TheoryData<string> Kinds =>
        ["llama2", "gemma3", "llama3", "llama2 Phi", "llama2 Metaspace first", "llama2 Metaspace always", "llama2 Metaspace never", "llama2 Metaspace whole"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Ids_and_texts_are_those_of_the_library(string kind)
    {
        var family = kind.Split(' ')[0];
        ReferenceTokenizer.SkipWhereMissing(family);
        using var folder = new TemporaryFolder();
        var file = ReferenceTokenizer.Of(family);
        if (kind != family)
        {
            folder.Write("tokenizer.json", Variant(JsonNode.Parse(File.ReadAllText(file))!.AsObject(), kind).ToJsonString());
            file = Path.Combine(folder.Path, "tokenizer.json");
        }

        var random = new Random(18);
        string[] texts =
        [
            "", " ", "▁", "a", " a", "<s>", "<s>a", "a</s> b", "\n\n", .. Parts,
            .. Enumerable.Range(0, Texts).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 12)).Select(_ => Parts[random.Next(Parts.Length)]))),
        ];
        var tokenizer = HuggingFaceTokenizer.Load(file);
        foreach (var (text, theirs) in texts.Zip(ReferenceTokenizer.Encode(file, texts)))
        {
            var ids = tokenizer.Encode(text, cancel: TestContext.Current.CancellationToken);
            var shown = JsonValue.Create(text)!.ToJsonString();
            Assert.True(ids.SequenceEqual(theirs.Ids), $"{shown}: {string.Join(' ', ids)}; in Hugging Face: {string.Join(' ', theirs.Ids)}");
            Assert.True(tokenizer.Decode([.. ids]) == theirs.Decoded, $"{shown}: '{tokenizer.Decode([.. ids])}'; in Hugging Face: '{theirs.Decoded}'");
        }
    }

    private static JsonObject Variant(JsonObject json, string kind)
    {
        if (kind.EndsWith("Phi", StringComparison.Ordinal))
        {
            Add(json, "<|end|>", "rstrip");
            Add(json, "[INST]", "lstrip", "normalized");
            Add(json, "zzzz", "single_word");
            return json;
        }

        var scheme = kind.Split(' ')[^1];
        json["normalizer"] = null;
        json["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Metaspace", ["replacement"] = "▁", ["prepend_scheme"] = scheme == "whole" ? "first" : scheme, ["split"] = scheme != "whole",
        };
        return json;
    }

    private static void Add(JsonObject json, string content, params string[] flags)
    {
        var added = json["added_tokens"]!.AsArray();
        var token = new JsonObject { ["id"] = 32_000 + added.Count - 3, ["content"] = content };
        foreach (var flag in (string[])["single_word", "lstrip", "rstrip", "normalized", "special"])
        {
            token[flag] = flags.Contains(flag);
        }

        added.Add(token);
    }
}
