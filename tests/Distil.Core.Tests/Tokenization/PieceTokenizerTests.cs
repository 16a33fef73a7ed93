using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Tokenizers of SentencePiece's kind: characters as they are, ▁ for a space, and a token for each byte.</summary>
public sealed class PieceTokenizerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Characters_without_a_token_become_bytes()
    {
        var tokenizer = Load(Tokenizer());
        Assert.Equal([256, 257, 0xC3, 0xA9, 256, 257], tokenizer.Encode(" aé a", cancel: TestContext.Current.CancellationToken));
        Assert.Equal([258], tokenizer.Encode("aa", cancel: TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Bytes_that_are_not_UTF8_become_a_replacement_character_each()
    {
        var tokenizer = Load(Tokenizer());
        Assert.Equal("é a\uFFFD\uFFFDa", tokenizer.Decode([0xC3, 0xA9, 256, 257, 0xE2, 0x82, 257, 999]));
        Assert.Equal(" a"u8, tokenizer.BytesOf(256).ToArray().Concat(tokenizer.BytesOf(257).ToArray()).ToArray());
    }

    [Theory]
    [InlineData("model", "byte_fallback", "false", "model.byte_fallback: false is not supported; expected true without ByteLevel")]
    [InlineData("", "pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": false }""", "pre_tokenizer: ByteLevel is not supported; expected none, Split or Metaspace")]
    [InlineData("", "pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁", "prepend_scheme": "last" }""", "prepend_scheme: last is not supported")]
    [InlineData("", "decoder", """{ "type": "Sequence", "decoders": [{ "type": "ByteFallback" }, { "type": "Fuse" }, { "type": "Fuse" }] }""", "decoder: Sequence")]
    public void Other_forms_are_refused(string parent, string field, string value, string message)
    {
        var json = Tokenizer();
        (parent == "" ? json : json[parent]!)[field] = JsonNode.Parse(value);
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Load(json)).Message);
    }

    [Fact]
    public void A_byte_without_a_token_is_named()
    {
        var json = Tokenizer();
        json["model"]!["vocab"]!.AsObject().Remove("<0x0A>");
        Assert.Contains("model.vocab has no token '<0x0A>'; expected one for each of the 256 bytes", Assert.Throws<InvalidInputException>(() => Load(json)).Message);
    }

    [Theory]
    [InlineData(null, "false", true)]
    [InlineData(null, "true", false)]
    [InlineData("▁", "true", true)]
    [InlineData("▁", "null", true)]
    [InlineData("▁", "false", false)]
    public void Both_files_must_agree_on_a_space_in_front(string? prepend, string field, bool accepted)
    {
        var json = Tokenizer();
        json["normalizer"] = prepend is null ? null : new JsonObject { ["type"] = "Prepend", ["prepend"] = prepend };
        _folder.Write(TokenizerSettings.FileName, $$"""{ "add_prefix_space": {{field}} }""");
        if (accepted)
        {
            Assert.Equal(prepend is null ? [258] : [256, 258], Load(json).Encode("aa", cancel: TestContext.Current.CancellationToken));
        }
        else
        {
            Assert.Contains($"add_prefix_space: {field} is not supported; expected", Assert.Throws<InvalidInputException>(() => Load(json)).Message);
        }
    }

    private HuggingFaceTokenizer Load(JsonObject json)
    {
        _folder.Write("tokenizer.json", json.ToJsonString());
        return HuggingFaceTokenizer.Load(_folder.Path);
    }

    private static JsonObject Tokenizer()
    {
        var vocabulary = Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>").Concat(["▁", "a", "aa"]);
        static JsonObject Space(string from, string to) => new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = from }, ["content"] = to };
        return new JsonObject
        {
            ["normalizer"] = Space(" ", "▁"),
            ["decoder"] = new JsonObject
            {
                ["type"] = "Sequence",
                ["decoders"] = new JsonArray(Space("▁", " "), new JsonObject { ["type"] = "ByteFallback" }, new JsonObject { ["type"] = "Fuse" }),
            },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE", ["byte_fallback"] = true, ["merges"] = new JsonArray("a a"),
                ["vocab"] = new JsonObject(vocabulary.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
            },
        };
    }
}
