using System.Text.Json.Nodes;
using Distil.Core.Specification;
using Distil.Core.Specification.Schema;

namespace Distil.Core.Runs.Sweeps;

/// <summary>The JSON Schema of a sweep: a <see cref="RunSpec"/> whose values may be lists, as <see cref="SweepReader"/> accepts them.</summary>
/// <remarks>Generated from <see cref="RunSpecSchema"/>, which it contains: a value is that of a run, or a list of such values.</remarks>
public static class SweepSchema
{
    private const string Run = "#/definitions/run";

    /// <summary>Generates the schema from the types.</summary>
    /// <exception cref="FileNotFoundException">The assembly's documentation file is missing.</exception>
    public static string Generate()
    {
        var run = RunSpecSchema.Make();
        var schema = Varied(run, Run, SweepReader.Fixed);
        schema.Insert(0, "$schema", RunSpecSchema.Draft);
        schema.Insert(1, "title", "Distil sweep");
        schema.Insert(2, "description", "Runs that differ: a run specification whose values may be lists. Each combination of their values makes a run.");
        schema["definitions"] = new JsonObject { ["run"] = run };
        return RunSpecSchema.Written(schema);
    }

    /// <summary>An object in which each field may be a list of values.</summary>
    private static JsonObject Varied(JsonObject record, string pointer, string[] fixedFields)
    {
        var varied = new JsonObject { ["type"] = "object" };
        foreach (var (name, rule) in record.Where(rule => rule.Key is "required" or "additionalProperties"))
        {
            varied[name] = rule!.DeepClone();
        }

        varied.Insert(1, "properties", new JsonObject(record["properties"]!.AsObject().Select(field => KeyValuePair.Create(
            field.Key, (JsonNode?)(fixedFields.Contains(field.Key) ? Reference(At(field.Key)) : Field(field.Value!.AsObject(), At(field.Key)))))));
        return varied;

        string At(string name) => $"{pointer}/properties/{name}";
    }

    private static JsonObject Field(JsonObject field, string pointer)
    {
        // If the field is itself a list, a list is its value, and a list of lists makes runs.
        var isList = field["items"] is not null;
        var runs = new JsonObject
        {
            ["description"] = "A run of each.",
            ["type"] = "array",
            ["items"] = isList ? new JsonObject { ["allOf"] = new JsonArray(Reference(pointer), new JsonObject { ["type"] = "array" }) } : Reference(pointer),
            ["minItems"] = 1,
        };
        var value = field["properties"] is null ? Reference(pointer) : Varied(field, pointer, []);
        var either = new JsonObject { ["anyOf"] = new JsonArray(value, runs) };
        foreach (var name in new[] { "default", "description" })
        {
            if (field[name] is { } said)
            {
                either.Insert(0, name, said.DeepClone());
            }
        }

        return either;
    }

    private static JsonObject Reference(string pointer) => new() { ["$ref"] = pointer };
}
