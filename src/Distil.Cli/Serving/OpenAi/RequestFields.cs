using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Sources;

namespace Distil.Cli.Serving.OpenAi;

/// <summary>Reads the fields of a request's body. A field that is null counts as missing.</summary>
internal sealed class RequestFields(JsonElement body)
{
    // Of a field that is there twice, one reader would take the first and another the last.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    /// <summary>Parses a body.</summary>
    /// <exception cref="OpenAiException">It is not a JSON object.</exception>
    internal static RequestFields Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json, Strict);
            document.WriteTo(new Utf8JsonWriter(Stream.Null)); // reads each text: half of a surrogate pair is found here
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new(document.RootElement.Clone())
                : throw new OpenAiException(400, "the body is not a JSON object");
        }
        catch (JsonException wrong)
        {
            throw new OpenAiException(400, $"the body is not valid JSON: {wrong.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new OpenAiException(400, $"the body {JsonLine.HalfPair}");
        }
    }

    /// <summary>Refuses fields that are neither supported nor known to be without effect here.</summary>
    internal void RequireKnown(IReadOnlySet<string> known)
    {
        foreach (var field in body.EnumerateObject())
        {
            if (!known.Contains(field.Name) && field.Value.ValueKind != JsonValueKind.Null)
            {
                throw new OpenAiException(400, $"{field.Name} is not supported by this server", field.Name, "unsupported_parameter");
            }
        }
    }

    /// <summary>A field's value; null if it is missing.</summary>
    internal JsonElement? Optional(string name) =>
        body.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined) ? value : null;

    /// <summary>A number in a range.</summary>
    internal double Number(string name, double otherwise, double least, double most) => Optional(name) switch
    {
        null => otherwise,
        { ValueKind: JsonValueKind.Number } value when value.TryGetDouble(out var number) && number >= least && number <= most => number,
        { } other => throw Wrong(name, other, $"a number from {least} to {most}"),
    };

    /// <summary>A whole number in a range; null if it is missing.</summary>
    internal long? Whole(string name, long least, long most) => Optional(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) && number >= least && number <= most => number,
        { } other => throw Wrong(name, other, $"a whole number from {least} to {most}"),
    };

    /// <summary>true or false.</summary>
    internal bool Flag(string name) => Optional(name) switch
    {
        null => false,
        { ValueKind: JsonValueKind.True } => true,
        { ValueKind: JsonValueKind.False } => false,
        { } other => throw Wrong(name, other, "true or false"),
    };

    /// <summary>A text; null if it is missing.</summary>
    internal string? Text(string name) => Optional(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        { } other => throw Wrong(name, other, "text"),
    };

    /// <summary>A text or a list of texts, none of them empty.</summary>
    internal IReadOnlyList<string> Texts(string name, int most)
    {
        IReadOnlyList<string> texts = Optional(name) switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } value => [value.GetString()!],
            { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(each => each.ValueKind == JsonValueKind.String) =>
                [.. list.EnumerateArray().Select(each => each.GetString()!)],
            { } other => throw Wrong(name, other, "text, or a list of texts"),
        };
        return texts.Count <= most && texts.All(text => text.Length > 0)
            ? texts
            : throw new OpenAiException(400, $"{name} has {texts.Count} texts; expected at most {most}, none of them empty", name);
    }

    /// <summary>The error for a value that a field cannot have.</summary>
    internal static OpenAiException Wrong(string name, JsonElement value, string expected)
    {
        const int Longest = 80;
        return new(400, $"{name} is {Shown.Short(value.GetRawText(), Longest)}; expected {expected}", name);
    }
}
