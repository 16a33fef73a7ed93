using System.Globalization;
using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>What tokenizer_config.json can change about the ids of a text: transformers adds the tokens that it names to those of tokenizer.json.</summary>
internal static class TokenizerSettings
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tokenizer_config.json";

    private static readonly string[] Lists = ["additional_special_tokens", "extra_special_tokens"];

    /// <summary>Throws if transformers would give other ids with this file than with tokenizer.json alone.</summary>
    /// <param name="path">The file on this machine; nothing is required if there is none.</param>
    /// <param name="json">The tokenizer.json beside it.</param>
    /// <param name="name">Its name in messages; null for its path.</param>
    /// <exception cref="InvalidInputException">It would, or the file cannot be read.</exception>
    public static void Require(string path, TokenizerJson json, string? name = null)
    {
        if (!File.Exists(path))
        {
            return;
        }

        name ??= path;
        try
        {
            JsonFile.Read(path, root =>
            {
                RequireDecoder(root, json, name);
                RequireLists(root, json, name);
                // Without the field, transformers takes tokenizer.json as it is.
                return TokenizerFields.Flag(root, "add_prefix_space", otherwise: json.Prepends) is var prefix && prefix != json.Prepends
                    ? throw new InvalidInputException(
                        $"{name}: add_prefix_space: {(prefix ? "true" : "false")} is not supported; expected {(prefix ? "false" : "true")}, as in tokenizer.json")
                    : 0;
            });
        }
        catch (InvalidInputException wrong) when (wrong.InnerException is JsonException or InvalidOperationException or FormatException or KeyNotFoundException)
        {
            throw new InvalidInputException($"{name}: is not a well-formed {FileName}: {wrong.InnerException.Message}", wrong);
        }
    }

    private static void RequireDecoder(JsonElement root, TokenizerJson json, string name)
    {
        if (TokenizerFields.Optional(root, "added_tokens_decoder") is not { } decoder)
        {
            return;
        }

        foreach (var entry in decoder.EnumerateObject())
        {
            var id = int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1;
            var token = AddedToken.Read(entry.Value, id);
            var known = json.AddedTokens.FirstOrDefault(each => each.Id == id && each.Content == token.Content);
            if (token != known && (json.Normalizer.Changes || known is null || token with { Normalized = known.Normalized } != known))
            {
                throw new InvalidInputException(
                    $"{name}: added_tokens_decoder.{entry.Name} ({token.Content}) is {(known is null ? "not among" : "other than in")} the added_tokens of "
                    + "tokenizer.json, and transformers would change the tokenizer by it; expected the same tokens in both (load and save the tokenizer there)");
            }
        }
    }

    private static void RequireLists(JsonElement root, TokenizerJson json, string name)
    {
        foreach (var list in Lists)
        {
            var tokens = TokenizerFields.Optional(root, list) is not { } value ? []
                : value.ValueKind == JsonValueKind.Object ? value.EnumerateObject().Select(entry => entry.Value)
                : value.EnumerateArray();
            foreach (var content in tokens.Select(token => (token.ValueKind == JsonValueKind.Object ? token.GetProperty("content") : token).GetString()))
            {
                if (json.AddedTokens.All(token => token.Content != content))
                {
                    throw new InvalidInputException(
                        $"{name}: {list} names {content}, which is not among the added_tokens of tokenizer.json, and transformers would add it; expected the "
                        + "same tokens in both (load and save the tokenizer there)");
                }
            }
        }
    }
}
