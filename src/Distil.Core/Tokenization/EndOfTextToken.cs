using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>The token that ends a document: &lt;|endoftext|&gt;, else &lt;|end_of_text|&gt;, else the eos_token of tokenizer_config.json.</summary>
/// <remarks>The configuration comes last: a chat model's eos_token ends a turn, not a document.</remarks>
internal static class EndOfTextToken
{
    private static readonly string[] Usual = ["<|endoftext|>", "<|end_of_text|>"];

    /// <summary>The token's id; null if there is none.</summary>
    /// <param name="path">The tokenizer.json; the configuration is in the same folder.</param>
    /// <param name="json">The content of that file.</param>
    internal static int? Find(string path, TokenizerJson json)
    {
        var configured = Configured(Path.Combine(Path.GetDirectoryName(Path.GetFullPath(path))!, "tokenizer_config.json"));
        return Usual.Append(configured).Select(content => IdOf(json, content)).FirstOrDefault(id => id is not null);
    }

    /// <summary>The token's id if tokenizer_config.json determines it, so that tokenizer.json alone does not; else null.</summary>
    /// <param name="tokenizer">The tokenizer.json; any JSON object.</param>
    /// <param name="settings">The tokenizer_config.json; null if there is none.</param>
    /// <exception cref="InvalidInputException">One of them is not JSON.</exception>
    internal static int? FindConfigured(string tokenizer, string? settings) =>
        settings is not null && Configured(settings) is { } configured
            ? JsonFile.Read(tokenizer, json => Usual.Any(content => IdOf(json, content) is not null) ? null : IdOf(json, configured))
            : null;

    /// <summary>The error if the token is needed and there is none.</summary>
    internal static InvalidInputException Missing(string path) =>
        new($"{path}: has no end-of-text token; expected <|endoftext|> or <|end_of_text|>, or eos_token in tokenizer_config.json");

    /// <summary>The id of a token by its content; null if there is none.</summary>
    internal static int? IdOf(TokenizerJson json, string? content) =>
        json.AddedTokens.FirstOrDefault(token => token.Content == content)?.Id
        ?? json.Vocabulary.Where(entry => entry.Key == content).Select(entry => (int?)entry.Value).FirstOrDefault();

    private static int? IdOf(JsonElement json, string content)
    {
        var added = json.TryGetProperty("added_tokens", out var list) && list.ValueKind == JsonValueKind.Array ? list.EnumerateArray() : default;
        foreach (var token in added.Where(token => token.TryGetProperty("content", out var text) && text.ValueEquals(content)))
        {
            return token.GetProperty("id").GetInt32();
        }

        return json.TryGetProperty("model", out var model) && model.TryGetProperty("vocab", out var vocabulary)
            && vocabulary.ValueKind == JsonValueKind.Object && vocabulary.TryGetProperty(content, out var id)
            ? id.GetInt32()
            : null;
    }

    /// <summary>The eos_token of a tokenizer_config.json; null if there is none.</summary>
    internal static string? Configured(string path)
    {
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
            InputFile.RequireRegular(path);
            using var config = JsonDocument.Parse(File.ReadAllBytes(path));
            return !config.RootElement.TryGetProperty("eos_token", out var token) ? null
                : token.ValueKind == JsonValueKind.Object ? token.GetProperty("content").GetString()
                : token.GetString();
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{path}: is not a well-formed tokenizer_config.json: {e.Message}", e);
        }
    }
}
