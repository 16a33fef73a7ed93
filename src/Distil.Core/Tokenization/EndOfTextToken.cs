using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>The token that ends a document: &lt;|endoftext|&gt;, else &lt;|end_of_text|&gt;, else the eos_token of tokenizer_config.json.</summary>
/// <remarks>The configuration comes last: a chat model's eos_token ends a turn, not a document.</remarks>
internal static class EndOfTextToken
{
    /// <summary>The token's id; null if there is none.</summary>
    /// <param name="path">The tokenizer.json; the configuration is in the same folder.</param>
    /// <param name="json">The content of that file.</param>
    internal static int? Find(string path, TokenizerJson json)
    {
        foreach (var content in (string?[])["<|endoftext|>", "<|end_of_text|>", Configured(path)])
        {
            if (json.AddedTokens.Find(token => token.Content == content) is { } added)
            {
                return added.Id;
            }

            if (json.Vocabulary.FindIndex(entry => entry.Key == content) is var index and >= 0)
            {
                return json.Vocabulary[index].Value;
            }
        }

        return null;
    }

    /// <summary>The error if the token is needed and there is none.</summary>
    internal static InvalidInputException Missing(string path) =>
        new($"{path}: has no end-of-text token; expected <|endoftext|> or <|end_of_text|>, or eos_token in tokenizer_config.json");

    /// <summary>The eos_token of the tokenizer_config.json beside a tokenizer; null if there is none.</summary>
    internal static string? Configured(string tokenizerPath)
    {
        var path = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(tokenizerPath))!, "tokenizer_config.json");
        if (!File.Exists(path))
        {
            return null;
        }

        try
        {
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
