using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Files that are not read, and the components that are named because they are not reproduced.</summary>
public sealed class UnsupportedTokenizerTests : ChangedTokenizer
{
    [Theory]
    [InlineData("model", """{ "type": "Unigram", "vocab": {}, "merges": [] }""", "model.type: Unigram")]
    [InlineData("model", """{ "type": "BPE", "vocab": {}, "merges": [] }""", "model.vocab has no token '!'")]
    [InlineData("model", """{ "type": "BPE", "vocab": {}, "merges": [3] }""", "model.merges: 3")]
    [InlineData("normalizer", """{ "type": "NFKC" }""", "normalizer: NFKC")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁" }""", "pre_tokenizer: without ByteLevel")]
    [InlineData("pre_tokenizer", """{ "type": "Metaspace", "replacement": "▁▁" }""", "pre_tokenizer.Metaspace.replacement: ▁▁")]
    [InlineData("normalizer", """{ "type": "Replace", "pattern": { "Regex": " +" }, "content": "_" }""", "normalizer.Replace.pattern")]
    [InlineData("decoder", """{ "type": "Sequence", "decoders": [{ "type": "ByteFallback" }] }""", "decoder: Sequence")]
    [InlineData("pre_tokenizer", """{ "type": "Digits", "individual_digits": true }""", "pre_tokenizer: without ByteLevel")]
    [InlineData("pre_tokenizer", """{ "type": "ByteLevel", "add_prefix_space": true }""", "add_prefix_space: true")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "[[:alpha:]]" }, "behavior": "Isolated", "invert": false }""", "[[:alpha:]]")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "(" }, "behavior": "Isolated", "invert": false }""", "( is not supported")]
    [InlineData("pre_tokenizer", """{ "type": "Split", "pattern": { "Regex": "a" }, "behavior": "MergedWithNext", "invert": false }""", "MergedWithNext")]
    [InlineData("post_processor", """{ "type": "BertProcessing" }""", "post_processor: BertProcessing")]
    [InlineData("decoder", """{ "type": "WordPiece" }""", "decoder: WordPiece")]
    [InlineData("decoder", "null", "decoder: null")]
    [InlineData("added_tokens", "[{}]", "id is missing")]
    [InlineData("added_tokens", """[{"id": 0, "content": "<|endoftext|>", "rstrip": true}, {"id": 1024, "content": " ", "lstrip": true}]""", "white space with lstrip")]
    [InlineData("added_tokens", "3", "well-formed")]
    public void Rejects_a_component_that_it_does_not_reproduce_by_its_name(string field, string value, string message)
    {
        var path = Write(root => root[field] = JsonNode.Parse(value));
        var error = Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(path));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains(path, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Rejects_a_missing_and_a_truncated_file()
    {
        Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(Folder));
        var path = Path.Combine(Folder, "tokenizer.json");
        File.WriteAllText(path, File.ReadAllText(Path.Combine(Golden, "tokenizer.json"))[..1000]);
        Assert.Contains("well-formed", Assert.Throws<InvalidInputException>(() => HuggingFaceTokenizer.Load(path)).Message, StringComparison.Ordinal);
    }
}
