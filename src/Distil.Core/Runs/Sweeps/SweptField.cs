using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;

namespace Distil.Core.Runs.Sweeps;

/// <summary>A field whose value is a list of which each run of the sweep takes one.</summary>
/// <param name="Path">The field.</param>
/// <param name="Values">Its values, in the order of the list.</param>
internal sealed record SweptField(FieldPath Path, IReadOnlyList<JsonElement> Values)
{
    /// <summary>Finds the fields of a document, and of the objects in it, whose values are lists of a sweep.</summary>
    /// <param name="json">The document, or an object in it.</param>
    /// <param name="record">The record that describes the object's fields.</param>
    /// <param name="path">The object's place in the document.</param>
    internal static IEnumerable<SweptField> Find(JsonObject json, Type record, FieldPath path)
    {
        var fields = record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(field => field.CanWrite).ToDictionary(FieldChecker.NameOf);
        foreach (var (name, node) in json)
        {
            if (!fields.TryGetValue(name, out var field))
            {
                continue;
            }

            var at = path.Field(name);
            var isList = FieldChecker.ElementOf(field.PropertyType) is not null;
            if (node is JsonArray list && (!isList || (list.Count > 0 && list.All(item => item is JsonArray))))
            {
                yield return new SweptField(at, [.. list.Select(item => JsonSerializer.SerializeToElement(item))]);
            }
            else if (node is JsonObject inner && !isList)
            {
                foreach (var axis in Find(inner, field.PropertyType, at))
                {
                    yield return axis;
                }
            }
        }
    }

    /// <summary>Throws if fields cannot vary, or make too many runs together.</summary>
    /// <exception cref="InvalidInputException">The message names the fields.</exception>
    internal static void Check(IReadOnlyList<SweptField> axes, string document)
    {
        var errors = axes.Where(axis => axis.Values.Count == 0)
            .Select(axis => FieldError.Of(axis.Path, "is an empty list; expected a value, or a list of values to make a run of each"))
            .Concat(axes.Where(axis => SweepReader.Fixed.Contains(axis.Path.Text))
                .Select(axis => FieldError.Of(axis.Path, "is a list; expected one text (the runs of a sweep are named by what differs)")))
            .ToList();
        if (errors.Count > 0)
        {
            throw new InvalidInputException(document, errors);
        }

        var runs = axes.Aggregate(1L, (product, axis) => Math.Min(product * axis.Values.Count, int.MaxValue));
        if (runs > SweepReader.MaxRuns)
        {
            throw new InvalidInputException(
                $"{document}: its lists make {runs} runs ({string.Join(" × ", axes.Select(axis => axis.Values.Count))}); expected at most {SweepReader.MaxRuns}");
        }
    }
}
