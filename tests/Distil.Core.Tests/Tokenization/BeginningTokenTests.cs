using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>The token with which texts begin: from the template of tokenizer.json, unless tokenizer_config.json says otherwise.</summary>
public sealed class BeginningTokenTests : IDisposable
{
    private const int Bos = 1024, Id = 3; // of <bos>, which is added, and of another token

    private const string Gemma = """
        { "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<bos>", "type_id": 0 } }, { "Sequence": { "id": "A", "type_id": 0 } }],
          "pair": [], "special_tokens": { "<bos>": { "id": "<bos>", "ids": [1024], "tokens": ["<bos>"] } } }
        """;

    private const string Llama = $$"""{ "type": "Sequence", "processors": [{ "type": "ByteLevel", "trim_offsets": true }, {{Gemma}}] }""";

    private const string Phi = """{ "type": "TemplateProcessing", "single": [{ "Sequence": { "id": "A", "type_id": 0 } }], "pair": [], "special_tokens": {} }""";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(null, null, null)]
    [InlineData("""{ "type": "ByteLevel" }""", null, null)]
    [InlineData(Phi, null, null)]
    [InlineData(Gemma, null, Bos)]
    [InlineData(Llama, null, Bos)]
    [InlineData(Gemma, "{}", Bos)]
    [InlineData(Gemma, """{ "add_bos_token": null }""", Bos)]
    [InlineData(Gemma, """{ "add_bos_token": true, "bos_token": "<bos>" }""", Bos)]
    [InlineData(Gemma, """{ "add_bos_token": false, "bos_token": "<bos>" }""", null)]
    [InlineData(Phi, """{ "add_bos_token": false, "bos_token": "<s>" }""", null)]
    [InlineData(Phi, """{ "bos_token": "<bos>" }""", null)]
    [InlineData(null, """{ "add_bos_token": true, "bos_token": { "content": "<bos>" } }""", Bos)]
    public void It_is_transformers_token(string? postProcessor, string? settings, int? expected) => Assert.Equal(expected, Load(postProcessor, settings).Beginning);

    [Fact]
    public void A_prompt_begins_with_it_once()
    {
        var (with, without) = (Load(Gemma), Load(Phi));
        var text = without.Encode("Hello", cancel: TestContext.Current.CancellationToken);
        Assert.Equal(text, without.EncodePrompt("Hello", TestContext.Current.CancellationToken));
        Assert.Equal([Bos, .. text], with.EncodePrompt("Hello", TestContext.Current.CancellationToken));
        Assert.Equal([Bos, .. text], with.EncodePrompt("<bos>Hello", TestContext.Current.CancellationToken));
        Assert.Equal([Bos], with.EncodePrompt("", TestContext.Current.CancellationToken));
        Assert.Equal(text, with.Encode("Hello", cancel: TestContext.Current.CancellationToken));
        Assert.True(with.IsBorder(Bos) && with.IsBorder(with.EndOfText) && !with.IsBorder(Id) && !without.IsBorder(Bos));
    }

    [Theory]
    [InlineData(Gemma, """{ "add_bos_token": true }""", "tokenizer_config.json: add_bos_token is true and bos_token is no token of tokenizer.json")]
    [InlineData(Gemma, """{ "add_bos_token": true, "bos_token": "<s>" }""", "tokenizer_config.json: add_bos_token is true and bos_token is no token of tokenizer.json")]
    [InlineData(Gemma, """{ "add_bos_token": 1 }""", "tokenizer_config.json: is not a well-formed tokenizer_config.json")]
    [InlineData("""{ "type": "TemplateProcessing" }""", null, "tokenizer.json: single is missing or ill-typed; expected array")]
    [InlineData("""{ "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }], "special_tokens": {} }""", null, "tokenizer.json: <s> is missing")]
    [InlineData("""{ "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }], "special_tokens": { "<s>": { "ids": [5000] } } }""", null, "tokenizer.json: post_processor.special_tokens.ids: 5000 is not supported; expected a token, below 1025")]
    [InlineData("""{ "type": "TemplateProcessing", "single": [{ "SpecialToken": { "id": "<s>" } }], "special_tokens": { "<s>": { "ids": [5, 6] } } }""", null, "tokenizer.json: post_processor.single: 2 tokens before a text is not supported; expected one at most")]
    public void What_cannot_be_followed_is_refused_by_name(string postProcessor, string? settings, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Load(postProcessor, settings)).Message, StringComparison.Ordinal);

    private HuggingFaceTokenizer Load(string? postProcessor, string? settings = null)
    {
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Golden", "tokenizer-tiny", "tokenizer.json")))!;
        json["post_processor"] = postProcessor is null ? null : JsonNode.Parse(postProcessor);
        json["added_tokens"]!.AsArray().Add(JsonNode.Parse("""{ "id": 1024, "content": "<bos>", "special": true, "single_word": false, "lstrip": false, "rstrip": false, "normalized": false }"""));
        _folder.Write("tokenizer.json", json.ToJsonString());
        if (settings is not null)
        {
            _folder.Write(TokenizerSettings.FileName, settings);
        }
        else
        {
            File.Delete(Path.Combine(_folder.Path, TokenizerSettings.FileName));
        }

        return HuggingFaceTokenizer.Load(_folder.Path);
    }
}
