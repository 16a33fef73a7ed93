using System.Text.Json.Nodes;
using Distil.Core.Errors;

namespace Distil.Inference.Models;

/// <summary>One JSON object of the file, with its name in messages.</summary>
internal sealed class XlstmConfigSection(string path, string prefix, JsonObject json)
{
    internal bool Has(string field) => json[field] is not null;

    internal InvalidInputException Refused(string field, object? value, string expected) =>
        new($"{path}: {prefix}{field} is {value}; expected {expected}");

    internal XlstmConfigSection Within(string field, string? shownAs = null) => json[field] switch
    {
        JsonObject inner => new(path, $"{prefix}{field}.", inner),
        null => throw new InvalidInputException($"{path}: {prefix}{shownAs ?? field} is missing"),
        var other => throw Refused(field, other.ToJsonString(), "an object"),
    };

    internal int Number(string field, int? otherwise = null) => Value(field, otherwise, "a whole number");

    internal double Real(string field, double otherwise) => Value<double>(field, otherwise, "a number");

    internal bool Flag(string field, bool otherwise) => Value<bool>(field, otherwise, "true or false");

    internal string Text(string field, string otherwise) => json[field] switch
    {
        null => otherwise,
        JsonValue value when value.TryGetValue<string>(out var text) => text,
        var other => throw Refused(field, other.ToJsonString(), "text"),
    };

    internal void RefuseUnless(string field, bool expected)
    {
        if (Flag(field, expected) != expected)
        {
            throw Refused(field, !expected ? "true" : "false", $"{(expected ? "true" : "false")}: Distil has no other form");
        }
    }

    internal IReadOnlyList<int> BlockList(string field, int blocks) => json[field] switch
    {
        null => [],
        JsonValue value when value.TryGetValue<string>(out var text) && text == "all" => [.. Enumerable.Range(0, blocks)],
        JsonArray list when list.All(item => item is JsonValue value && value.TryGetValue<int>(out _)) => [.. list.Select(item => item!.GetValue<int>())],
        var other => throw Refused(field, other.ToJsonString(), "a list of block numbers, or \"all\""),
    };

    private T Value<T>(string field, T? otherwise, string expected)
        where T : struct => json[field] switch
        {
            null => otherwise ?? throw new InvalidInputException($"{path}: {prefix}{field} is missing"),
            JsonValue value when value.TryGetValue<T>(out var found) => found,
            var other => throw Refused(field, other.ToJsonString(), expected),
        };
}
