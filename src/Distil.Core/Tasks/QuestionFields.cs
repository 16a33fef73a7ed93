using System.Globalization;
using System.Text.Json;
using Distil.Core.Errors;

namespace Distil.Core.Tasks;

/// <summary>The fields of one line of a task's file.</summary>
/// <param name="json">The line.</param>
/// <param name="place">File and line, for messages.</param>
internal sealed class QuestionFields(JsonElement json, string place)
{
    /// <summary>Whether a field of that name exists.</summary>
    public bool Has(string name) => json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out _);

    /// <summary>A text.</summary>
    public string Text(string name) => Field(name) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : throw Wrong(name, "a text");

    /// <summary>A list of texts.</summary>
    public IReadOnlyList<string> Texts(string name) =>
        Field(name) is { ValueKind: JsonValueKind.Array } list && list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String)
            ? [.. list.EnumerateArray().Select(item => item.GetString()!)]
            : throw Wrong(name, "a list of texts");

    /// <summary>An index from 0: an integer, or an integer written as a text.</summary>
    public int Index(string name) => Field(name) switch
    {
        { ValueKind: JsonValueKind.Number } number when number.TryGetInt32(out var index) => index,
        { ValueKind: JsonValueKind.String } text when int.TryParse(text.GetString(), CultureInfo.InvariantCulture, out var index) => index,
        _ => throw Wrong(name, "the index of a choice, from 0"),
    };

    /// <summary>The fields of an object inside; null if the field is not an object.</summary>
    public QuestionFields? Inner(string name) => Field(name) is { ValueKind: JsonValueKind.Object } inner ? new QuestionFields(inner, place) : null;

    /// <summary>The objects of a list.</summary>
    public IReadOnlyList<QuestionFields> Objects(string name) => Field(name) is { ValueKind: JsonValueKind.Array } list
        ? [.. list.EnumerateArray().Select(item => new QuestionFields(item, place))]
        : throw Wrong(name, "a list of objects");

    /// <summary>Whether a field is a text.</summary>
    public bool IsText(string name) => Has(name) && Field(name).ValueKind == JsonValueKind.String;

    /// <summary>The error for a field that does not fit.</summary>
    public InvalidInputException Wrong(string name, string expected) =>
        new($"{place}: {name} {(Has(name) ? $"is {Show(Field(name))}" : "is missing or does not fit")}; expected {expected}");

    private JsonElement Field(string name) => Has(name) ? json.GetProperty(name) : throw Wrong(name, "a field of that name");

    private static string Show(JsonElement value) => Shown.Short(value.GetRawText());
}
