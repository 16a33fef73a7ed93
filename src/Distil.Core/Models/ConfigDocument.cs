using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Models;

/// <summary>A <c>config.json</c>, or an object in one, whose fields are read by type. A missing or mistyped field is an error that names file and
/// field.</summary>
/// <remarks>It remembers which fields were read, so that the others can be reported.</remarks>
public sealed partial class ConfigDocument
{
    /// <summary>Maximum number of layers: what is reserved for each of them must not depend on a damaged number.</summary>
    public const int MaxLayers = 10_000;

    private readonly HashSet<string> _read = new(StringComparer.Ordinal);
    private readonly Dictionary<string, ConfigDocument> _objects = new(StringComparer.Ordinal);
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
            InputFile.RequireRegular(path);
            using var document = JsonDocument.Parse(File.ReadAllBytes(path));
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new InvalidInputException($"{name}: is not a JSON object");
            }

            UnicodeJson.Require(document.RootElement);
            return new ConfigDocument(name, "", document.RootElement.Clone());
        }
        catch (InvalidOperationException error)
        {
            throw new InvalidInputException($"{name}: contains a text that is not Unicode: {error.Message}", error);
        }
        catch (Exception error) when (error is JsonException or IOException or UnauthorizedAccessException)
        {
            var isPointer = error is JsonException && GitLfs.IsPointer(path);
            throw new InvalidInputException($"{name}: {(isPointer ? GitLfs.Advice : $"cannot be read: {error.Message}")}", error);
        }
    }

    /// <value>The names of its fields that are not null.</value>
    public IEnumerable<string> Fields =>
        _object.EnumerateObject().Where(each => each.Value.ValueKind != JsonValueKind.Null).Select(each => each.Name);

    /// <value>The fields that are not null and were neither read nor ignored, in objects that were read too: <c>rope_scaling.mscale</c>.</value>
    public IEnumerable<string> Unread => Fields.SelectMany(name =>
        _objects.TryGetValue(name, out var inner) ? inner.Unread : _read.Contains(name) ? [] : [_prefix + name]);

    /// <summary>The warning that names the fields of a file that were not read; none if all were.</summary>
    public static IReadOnlyList<string> WarningOf(string name, IEnumerable<string> unread) =>
        string.Join(", ", unread) is { Length: > 0 } fields ? [$"{name}: {fields}: not read, because Distil knows no effect of it"] : [];

    /// <summary>Whether a field is an object.</summary>
    public bool IsObject(string field) => Peek(field) is { ValueKind: JsonValueKind.Object };

    /// <summary>Whether a field exists and is null.</summary>
    public bool IsNull(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind == JsonValueKind.Null;

    /// <summary>Whether a field is a string.</summary>
    public bool IsText(string field) => Peek(field) is { ValueKind: JsonValueKind.String };

    /// <summary>Whether a field was read or ignored.</summary>
    public bool WasRead(string field) => _read.Contains(field);

    /// <summary>Marks fields as read that have no effect.</summary>
    public void Ignore(IEnumerable<string> fields) => _read.UnionWith(fields);

    /// <summary>Whether a field exists and is not null.</summary>
    public bool Has(string field) => Find(field) is not null;

    /// <summary>An integer from <paramref name="least"/>, by default 1, to <paramref name="most"/>.</summary>
    public int Count(string field, int? otherwise = null, int least = 1, int most = int.MaxValue)
    {
        var expected = most == int.MaxValue ? $"a whole number ≥ {least}" : $"a whole number from {least} to {most}";
        if (Find(field) is not { } value)
        {
            return otherwise ?? throw Missing(field, expected);
        }

        return value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= least && number <= most
            ? number
            : throw Wrong(field, value, expected);
    }

    /// <summary>A finite number above 0.</summary>
    public double Number(string field, double? otherwise = null) => Find(field) switch
    {
        null => otherwise ?? throw Missing(field, "a number > 0"),
        { } value => PositiveOf(value) ?? throw Wrong(field, value, "a number > 0"),
    };

    /// <summary>A finite number above 0; null if the field is missing or null.</summary>
    public double? NumberOrNone(string field) => Has(field) ? Number(field) : null;

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

    /// <summary>An object inside this one; null if the field is missing.</summary>
    public ConfigDocument? Object(string field)
    {
        if (Find(field) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw Wrong(field, value, "an object");
        }

        return _objects.TryGetValue(field, out var known) ? known : _objects[field] = new ConfigDocument(_name, $"{_prefix}{field}.", value);
    }

    /// <summary>Refuses a field unless it is missing, null, or one of the values with which it has no effect.</summary>
    /// <param name="field">The field.</param>
    /// <param name="neutral">JSON of the values.</param>
    public void RequireNeutral(string field, params ReadOnlySpan<string> neutral)
    {
        if (Find(field) is { } value && !neutral.Contains(value.ValueKind == JsonValueKind.Number ? $"{value.GetDouble()}" : value.GetRawText()))
        {
            throw Wrong(field, value, neutral.IsEmpty ? "none, because it is not read" : string.Join(" or ", neutral.ToArray()));
        }
    }

    /// <summary>Refuses fields that were neither read nor ignored.</summary>
    public void RequireAllRead()
    {
        if (Unread.ToList() is { Count: > 0 } unknown)
        {
            throw new InvalidInputException($"{_name}: {string.Join(", ", unknown)} {(unknown.Count == 1 ? "is" : "are")} not read; expected no such field, because it may change the numbers");
        }
    }

    /// <summary>The error for a field whose value this program cannot use.</summary>
    public InvalidInputException Wrong(string field, string expected) =>
        Find(field) is { } value ? Wrong(field, value, expected) : Missing(field, expected);

    private InvalidInputException Wrong(string field, JsonElement value, string expected) =>
        new($"{_name}: {_prefix}{field} is {value.GetRawText()}; expected {expected}");

    private InvalidInputException Missing(string field, string expected) => new($"{_name}: {_prefix}{field} is missing; expected {expected}");

    private JsonElement? Find(string field)
    {
        _read.Add(field);
        return Peek(field);
    }

    private JsonElement? Peek(string field) => _object.TryGetProperty(field, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
