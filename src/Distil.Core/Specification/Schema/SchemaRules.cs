using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json.Nodes;
using Distil.Core.Runs.Reading;

namespace Distil.Core.Specification.Schema;

/// <summary>The rules that a property's attributes state, as JSON Schema.</summary>
/// <remarks>A range applies to each element of a list, <see cref="MinLengthAttribute"/> to the list itself, as in <see cref="RunSpecReader"/>.</remarks>
internal static class SchemaRules
{
    /// <summary>Adds a property's rules to its schema.</summary>
    internal static void Add(JsonObject node, PropertyInfo property)
    {
        var element = node["items"] as JsonObject ?? node;
        if (property.GetCustomAttribute<RangeAttribute>() is { } range)
        {
            element[range.MinimumIsExclusive ? "exclusiveMinimum" : "minimum"] = Number(range.Minimum);
            if (!double.IsPositiveInfinity((double)range.Maximum))
            {
                element[range.MaximumIsExclusive ? "exclusiveMaximum" : "maximum"] = Number(range.Maximum);
            }
        }

        if (property.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern)
        {
            element["pattern"] = $"^(?:{pattern.Pattern})$";
        }

        if (property.GetCustomAttribute<MinLengthAttribute>() is { } least)
        {
            node[node["items"] is null ? "minLength" : "minItems"] = least.Length;
        }
    }

    private static JsonNode Number(object bound) => (double)bound is var number && number == Math.Truncate(number) ? (long)number : number;
}
