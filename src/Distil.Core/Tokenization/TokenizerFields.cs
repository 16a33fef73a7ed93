using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tokenization;

/// <summary>Reads the fields of a tokenizer.json, with messages that name file and component.</summary>
internal sealed class TokenizerFields(string path)
{
    /// <summary>Ten times the size of the largest vocabularies: a table is allocated with an entry for each id.</summary>
    private const int MaxIds = 1 << 22;

    /// <summary>A component's type.</summary>
    internal string Type(JsonElement component) => Require(component, "type", JsonValueKind.String).GetString()!;

    /// <summary>A token's id.</summary>
    internal int Id(JsonElement value, string field) =>
        value.TryGetInt32(out var id) && id is >= 0 and < MaxIds ? id : throw Unsupported(field, value.ToString(), $"ids from 0 to {MaxIds - 1}");

    /// <summary>A required field.</summary>
    internal JsonElement Require(JsonElement parent, string field, JsonValueKind kind) =>
        Optional(parent, field) is { } value && value.ValueKind == kind
            ? value
            : throw new InvalidInputException($"{path}: {field} is missing or ill-typed; expected {kind.ToString().ToLowerInvariant()}");

    /// <summary>An optional field; null if it is missing or null.</summary>
    internal static JsonElement? Optional(JsonElement parent, string field) =>
        parent.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>A Boolean field.</summary>
    internal static bool Flag(JsonElement parent, string field, bool otherwise = false) => Optional(parent, field)?.GetBoolean() ?? otherwise;

    /// <summary>The error for parts that do not fit together.</summary>
    internal InvalidInputException Wrong(string fault) => new($"{path}: {fault}");

    /// <summary>The error for a component that is not reproduced.</summary>
    internal InvalidInputException Unsupported(string component, string? found, string expected) =>
        new($"{path}: {component}: {found} is not supported; expected {expected}");
}
