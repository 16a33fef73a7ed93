using System.Text.Json;

namespace Distil.Core.Models;

public sealed partial class ConfigDocument
{
    /// <summary>A list of integers ≥ 0; empty if the field is missing.</summary>
    public IReadOnlyList<int> Naturals(string field) => List(field, NaturalOf, "a list, each a whole number ≥ 0") ?? [];

    /// <summary>A list of finite numbers above 0; null if the field is missing.</summary>
    public IReadOnlyList<double>? Numbers(string field) => List(field, PositiveOf, "a list of numbers > 0");

    /// <summary>A list of strings; null if the field is missing.</summary>
    public IReadOnlyList<string>? Texts(string field) => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String) =>
            [.. list.EnumerateArray().Select(item => item.GetString()!)],
        { } value => throw Wrong(field, value, "a list of strings"),
    };

    /// <summary>A list of integers ≥ 1; null if the field is missing.</summary>
    public IReadOnlyList<int>? Counts(string field) => List<int>(field, item => NaturalOf(item) is >= 1 and var number ? number : null, "a list of whole numbers ≥ 1");

    private static double? PositiveOf(JsonElement value) => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number > 0 && double.IsFinite(number) ? number : null;

    /// <summary>A list of items, of which each must be one that <paramref name="read"/> gives; null if the field is missing.</summary>
    private IReadOnlyList<T>? List<T>(string field, Func<JsonElement, T?> read, string expected) where T : struct => Find(field) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Array } list when list.EnumerateArray().All(item => read(item) is not null) =>
            [.. list.EnumerateArray().Select(item => read(item)!.Value)],
        { } value => throw Wrong(field, value, expected),
    };

    private static int? NaturalOf(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= 0 ? number : null;
}
