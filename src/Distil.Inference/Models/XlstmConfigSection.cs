using System.Text.Json.Nodes;
using Distil.Core.Errors;

namespace Distil.Inference.Models;

/// <summary>One JSON object of the file, with its name in messages. It remembers which fields were read, so that the others can be reported.</summary>
internal sealed class XlstmConfigSection(string path, string prefix, JsonObject json)
{
    private readonly HashSet<string> _read = [];
    private readonly Dictionary<string, XlstmConfigSection> _sections = [];

    /// <value>The fields that are not null and were neither read nor ignored, in sections that were read too.</value>
    internal IEnumerable<string> Unread => json.Where(member => member.Value is not null).SelectMany(member =>
        _sections.TryGetValue(member.Key, out var inner) ? inner.Unread : _read.Contains(member.Key) ? [] : [prefix + member.Key]);

    internal bool Has(string field) => json[field] is not null;

    /// <summary>Marks fields as read that have no effect, here and in the sections that were read.</summary>
    internal void Ignore(IReadOnlyCollection<string> fields)
    {
        _read.UnionWith(fields);
        foreach (var section in _sections.Values)
        {
            section.Ignore(fields);
        }
    }

    internal InvalidInputException Refused(string field, object? value, string expected) =>
        new($"{path}: {prefix}{field} is {value}; expected {expected}");

    internal XlstmConfigSection Within(string field, string? shownAs = null) => Find(field) switch
    {
        JsonObject inner => _sections.TryGetValue(field, out var known) ? known : _sections[field] = new(path, $"{prefix}{field}.", inner),
        null => throw new InvalidInputException($"{path}: {prefix}{shownAs ?? field} is missing"),
        var other => throw Refused(field, other.ToJsonString(), "an object"),
    };

    internal int Number(string field, int? otherwise = null) => Value(field, otherwise, "a whole number");

    internal double Real(string field, double otherwise) => Value<double>(field, otherwise, "a number");

    internal bool Flag(string field, bool otherwise) => Value<bool>(field, otherwise, "true or false");

    internal string Text(string field, string otherwise) => Find(field) switch
    {
        null => otherwise,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => throw Refused(field, other.ToJsonString(), "text"),
    };

    internal void RefuseUnless(string field, string expected)
    {
        if (Text(field, expected) is var text && text != expected)
        {
            throw Refused(field, text, $"{expected}: Distil has no other form");
        }
    }

    internal void RefuseUnless(string field, bool expected)
    {
        if (Flag(field, expected) != expected)
        {
            throw Refused(field, !expected ? "true" : "false", $"{(expected ? "true" : "false")}: Distil has no other form");
        }
    }

    internal IReadOnlyList<int> BlockList(string field, int blocks) => Find(field) switch
    {
        null => [],
        JsonValue value when value.TryGetValue<string>(out var text) && text == "all" => [.. Enumerable.Range(0, blocks)],
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue<int>(out _)) => [.. list.Select(item => item!.GetValue<int>())],
        var other => throw Refused(field, other.ToJsonString(), "a list of block numbers, or \"all\""),
    };

    private JsonNode? Find(string field)
    {
        _read.Add(field);
        return json[field];
    }

    private T Value<T>(string field, T? otherwise, string expected)
        where T : struct => Find(field) switch
        {
            null => otherwise ?? throw new InvalidInputException($"{path}: {prefix}{field} is missing"),
            JsonValue value when value.TryGetValue<T>(out var found) => found,
            var other => throw Refused(field, other.ToJsonString(), expected),
        };
}
