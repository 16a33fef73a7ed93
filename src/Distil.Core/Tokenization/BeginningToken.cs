using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>The token with which a model expects every text to begin: add_bos_token of tokenizer_config.json says whether it is the bos_token; without the field, it is
/// the token that the template of tokenizer.json puts before a text.</summary>
internal static class BeginningToken
{
    /// <summary>The token's id; null if texts begin without one.</summary>
    /// <param name="json">The tokenizer.json.</param>
    /// <param name="settings">The tokenizer_config.json; null, or a path without a file, if there is none.</param>
    /// <param name="name">The latter's name in messages.</param>
    /// <exception cref="InvalidInputException">The configuration cannot be read, or wants a token that does not exist.</exception>
    internal static int? Find(TokenizerJson json, string? settings, string? name = null)
    {
        if (settings is null || !File.Exists(settings))
        {
            return json.BeginningOfTemplate;
        }

        name ??= settings;
        try
        {
            return JsonFile.Read<int?>(settings, root => !root.TryGetProperty("add_bos_token", out var adds) || adds.ValueKind == JsonValueKind.Null
                ? json.BeginningOfTemplate
                : adds.GetBoolean() ? Configured(root, json, name) : null);
        }
        catch (InvalidInputException wrong) when (wrong.InnerException is JsonException or InvalidOperationException)
        {
            throw new InvalidInputException($"{name}: is not a well-formed {TokenizerSettings.FileName}: {wrong.InnerException.Message}", wrong);
        }
    }

    /// <summary>The token that a tokenizer.json puts before a text; null if it puts none there. Post-processors add special tokens around a text: of these,
    /// only one before it is used.</summary>
    /// <param name="fields">Names the file in messages.</param>
    /// <param name="root">The tokenizer.json.</param>
    /// <param name="size">The number of ids.</param>
    internal static int? OfPostProcessor(TokenizerFields fields, JsonElement root, int size)
    {
        if (TokenizerFields.Optional(root, "post_processor") is not { } processor)
        {
            return null;
        }

        JsonElement[] parts = fields.Type(processor) == "Sequence"
            ? [.. fields.Require(processor, "processors", JsonValueKind.Array).EnumerateArray()]
            : [processor];
        if (parts.Select(fields.Type).FirstOrDefault(type => type is not ("ByteLevel" or "TemplateProcessing")) is { } other)
        {
            throw fields.Unsupported("post_processor", other, "ByteLevel or TemplateProcessing");
        }

        var templates = parts.Where(part => fields.Type(part) == "TemplateProcessing");
        var beginning = templates.Select(part => OfTemplate(fields, part)).FirstOrDefault(id => id is not null);
        return beginning is null || beginning < size
            ? beginning
            : throw fields.Unsupported("post_processor.special_tokens.ids", $"{beginning}", $"a token, below {size}");
    }

    private static int? OfTemplate(TokenizerFields fields, JsonElement template)
    {
        var before = fields.Require(template, "single", JsonValueKind.Array).EnumerateArray()
            .TakeWhile(piece => !piece.TryGetProperty("Sequence", out _))
            .Select(piece => fields.Require(fields.Require(piece, "SpecialToken", JsonValueKind.Object), "id", JsonValueKind.String).GetString()!)
            .SelectMany(token => fields.Require(
                fields.Require(fields.Require(template, "special_tokens", JsonValueKind.Object), token, JsonValueKind.Object), "ids", JsonValueKind.Array).EnumerateArray())
            .Select(id => fields.Id(id, "post_processor.special_tokens.ids")).ToArray();
        return before.Length > 1 ? throw fields.Unsupported("post_processor.single", $"{before.Length} tokens before a text", "one at most")
            : before.Length == 1 ? before[0]
            : null;
    }

    private static int Configured(JsonElement root, TokenizerJson json, string name)
    {
        var token = root.TryGetProperty("bos_token", out var given) && given.ValueKind == JsonValueKind.Object ? given.GetProperty("content") : given;
        return token.ValueKind == JsonValueKind.String && EndOfTextToken.IdOf(json, token.GetString()) is { } id
            ? id
            : throw new InvalidInputException($"{name}: add_bos_token is true and bos_token is no token of tokenizer.json; expected one that is, or false");
    }
}
