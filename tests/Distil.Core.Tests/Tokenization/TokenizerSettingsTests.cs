using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>transformers adds the tokens of tokenizer_config.json to those of tokenizer.json: where that changes a text's ids, the tokenizer is refused.</summary>
public sealed class TokenizerSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TokenizerSettingsTests() =>
        File.Copy(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json"), Path.Combine(_folder.Path, "tokenizer.json"));

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"added_tokens_decoder": {"0": {"content": "<|endoftext|>", "special": true}}, "add_prefix_space": false}""")]
    [InlineData("""{"additional_special_tokens": ["<|endoftext|>"], "extra_special_tokens": {}, "added_tokens_decoder": null}""")]
    public void The_same_tokens_are_accepted(string settings) => Assert.Equal(1024, Load(settings).VocabularySize);

    [Theory]
    [InlineData("""{"added_tokens_decoder": {"1024": {"content": "<new>", "special": true}}}""", "added_tokens_decoder.1024 (<new>) is not among the added_tokens")]
    [InlineData("""{"added_tokens_decoder": {"3": {"content": "!", "special": true}}}""", "added_tokens_decoder.3 (!) is not among the added_tokens")]
    [InlineData("""{"added_tokens_decoder": {"1": {"content": "<|endoftext|>", "special": true}}}""", "added_tokens_decoder.1 (<|endoftext|>) is not among")]
    [InlineData("""{"added_tokens_decoder": {"0": {"content": "<|endoftext|>", "special": true, "lstrip": true}}}""", "(<|endoftext|>) is other than in")]
    [InlineData("""{"additional_special_tokens": ["<new>"]}""", "additional_special_tokens names <new>")]
    [InlineData("""{"extra_special_tokens": {"image_token": {"content": "<image>"}}}""", "extra_special_tokens names <image>")]
    [InlineData("""{"add_prefix_space": true}""", "add_prefix_space: true is not supported")]
    [InlineData("""{"added_tokens_decoder": 3}""", "is not a well-formed tokenizer_config.json")]
    [InlineData("""{"added_tokens_decoder": {"0": {}}}""", "is not a well-formed tokenizer_config.json")]
    [InlineData("""{"additional_special_tokens": [1]}""", "is not a well-formed tokenizer_config.json")]
    public void Others_are_refused_by_the_name_of_file_and_field(string settings, string message)
    {
        var refused = Assert.Throws<InvalidInputException>(() => Load(settings));
        Assert.StartsWith($"{Path.Combine(_folder.Path, TokenizerSettings.FileName)}: ", refused.Message, StringComparison.Ordinal);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    private HuggingFaceTokenizer Load(string settings)
    {
        _folder.Write(TokenizerSettings.FileName, settings);
        return HuggingFaceTokenizer.Load(_folder.Path);
    }
}
