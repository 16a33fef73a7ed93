using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Models;

/// <summary>A <c>config.json</c>, or an object in one, whose fields are read by type. A missing or mistyped field is an error that names file and
/// field.</summary>
public sealed class ConfigDocument
{
    private const string ANatural = "a whole number ≥ 0";

    private readonly string _name;
    private readonly string _prefix;
    private readonly JsonElement _object;

    private ConfigDocument(string name, string prefix, JsonElement value) => (_name, _prefix, _object) = (name, prefix, value);

    /// <summary>Reads a file.</summary>
    /// <param name="path">The file on this machine.</param>
    /// <param name="name">Its name in messages, for instance the URL that it was fetched from; null for its path.</param>
    /// <exception cref="InvalidInputException">The file is missing or is no JSON object.</exception>
    public static ConfigDocument Read(string path, string? name = null)
    {
        name ??= path;
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException($"{name}: is not a JSON object");
            }

            return new ConfigDocument(name, "", document.RootElement.Clone());
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{name}: cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Whether a field exists and is not null.</summary>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>An integer ≥ 1.</summary>
    public int Count(string field, int? otherwise = null)
    {
        const string expected = "a whole number ≥ 1";
        if (Find(field) is not { } value)
        {
            return otherwise ?? throw Missing(field, expected);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 1 ? number : throw Wrong(field, value, expected);
    }

    /// <summary>An integer ≥ 0.</summary>
    public int Natural(string field) => Find(field) is not { } value ? throw Missing(field, ANatural)
        : NaturalOf(value) ?? throw Wrong(field, value, ANatural);

    /// <summary>A list of integers ≥ 0; empty if the field is missing.</summary>
    public IReadOnlyList<int> Naturals(string field)
    {
        if (Find(field) is not { } value)
        {
            return [];
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => NaturalOf(item) is not null)
            ? [.. value.EnumerateArray().Select(item => item.GetInt32())]
            : throw Wrong(field, value, $"a list, each {ANatural}");
    }

    /// <summary>A finite number above 0.</summary>
    public double Number(string field, double? otherwise = null)
    {
        if (Find(field) is not { } value)
        {
            return otherwise ?? throw Missing(field, "a number > 0");
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number)
            ? number
            : throw Wrong(field, value, "a number > 0");
    }

    /// <summary>True or false.</summary>
    public bool Flag(string field, bool otherwise) => Find(field) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } value => throw Wrong(field, value, "true or false"),
    };

    /// <summary>A string.</summary>
    public string Text(string field, string? otherwise = null) => Find(field) switch
    {
        null => otherwise ?? throw Missing(field, "a string"),
        { ValueKind: JsonValueKind.String } value => value.GetString()!,
        { } value => throw Wrong(field, value, "a string"),
    };

    /// <summary>A list of strings; null if the field is missing.</summary>
    public IReadOnlyList<string>? Texts(string field)
    {
        if (Find(field) is not { } value)
        {
            return null;
        }

        return value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. value.EnumerateArray().Select(item => item.GetString()!)]
            : throw Wrong(field, value, "a list of strings");
    }

    /// <summary>An object inside this one; null if the field is missing.</summary>
    public ConfigDocument? Object(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new ConfigDocument(_name, $"{_prefix}{field}.", value),
        { } value => throw Wrong(field, value, "an object"),
    };

    /// <summary>The error for a field whose value this program cannot use.</summary>
    public InvalidInputException Wrong(string field, string expected) =>
        Find(field) is { } value ? Wrong(field, value, expected) : Missing(field, expected);

    private static int? NaturalOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0 ? number : null;

    private InvalidInputException Wrong(string field, JsonElement value, string expected) =>
        new($"{_name}: {_prefix}{field} is {value.GetRawText()}; expected {expected}");

    private InvalidInputException Missing(string field, string expected) => new($"{_name}: {_prefix}{field} is missing; expected {expected}");

    private JsonElement? Find(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
