using System.Text.Json;
using Distil.Core;
using Distil.Core.Specification;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>Finds the differences between specifications, field by field. Lists are compared as a whole.</summary>
internal static class SpecDifferences
{
    private static readonly string[] Names = ["name", "$schema"];

    /// <summary>Returns the fields that differ, in the specification's order, with each one's value as JSON; null if a specification has none.</summary>
    public static IReadOnlyList<(string Field, IReadOnlyList<string?> Values)> Of(IReadOnlyList<RunSpec> specs)
    {
        List<Dictionary<string, string>> flat = [.. specs.Select(spec =>
        {
            var fields = new Dictionary<string, string>();
            Flatten(JsonSerializer.SerializeToElement(spec, DistilJson.Options), "", fields);
            return fields;
        })];
        return
        [
            .. from field in flat.SelectMany(fields => fields.Keys).Distinct()
               where !Names.Contains(field)
               let values = flat.Select(fields => fields.GetValueOrDefault(field)).ToArray()
               where values.Distinct().Count() > 1
               select (field, (IReadOnlyList<string?>)values),
        ];
    }

    private static void Flatten(JsonElement json, string path, Dictionary<string, string> fields)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            fields[path] = json.ValueKind == JsonValueKind.String ? json.GetString()! : json.GetRawText();
            return;
        }

        foreach (var member in json.EnumerateObject())
        {
            Flatten(member.Value, path.Length == 0 ? member.Name : $"{path}.{member.Name}", fields);
        }
    }
}
