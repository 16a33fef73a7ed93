using System.Text.Json.Nodes;

namespace Distil.Cli.Tests.Serving;

/// <summary>The schemas of an OpenAPI document as TypeScript.</summary>
internal static class TypeScriptTypes
{
    /// <summary>A declaration for each schema, under its name.</summary>
    public static string Of(JsonNode document) => string.Join(
        '\n', document["components"]!["schemas"]!.AsObject().Select(schema => $"export type {schema.Key} = {TypeOf(schema.Value)};"));

    private static string TypeOf(JsonNode? schema)
    {
        if (schema is not JsonObject { Count: > 0 } type)
        {
            return "unknown";
        }

        if ((string?)type["$ref"] is { } reference)
        {
            return reference[(reference.LastIndexOf('/') + 1)..];
        }

        return (type["enum"], type["oneOf"] ?? type["anyOf"], type["type"]) switch
        {
            (JsonArray values, _, _) => Union(values.Select(value => value?.ToJsonString() ?? "null")),
            (_, JsonArray choices, _) => Union(choices.Select(TypeOf)),
            (_, _, JsonArray names) => Union(names.Select(name => TypeOf(type, (string)name!))),
            (_, _, { } name) => TypeOf(type, (string)name!),
            _ => "unknown",
        };
    }

    private static string TypeOf(JsonObject schema, string type) => type switch
    {
        "array" => $"({TypeOf(schema["items"])})[]",
        "object" when schema["properties"] is JsonObject properties =>
            Members(properties, schema["required"]?.AsArray().Select(name => (string)name!).ToHashSet() ?? []),
        "object" => $"Record<string, {TypeOf(schema["additionalProperties"])}>",
        "integer" => "number",
        _ => type, // number, string, boolean, null
    };

    private static string Members(JsonObject properties, HashSet<string> required) =>
        $"{{ {string.Join("; ", properties.Select(property => $"\"{property.Key}\"{(required.Contains(property.Key) ? "" : "?")}: {TypeOf(property.Value)}"))} }}";

    private static string Union(IEnumerable<string> types) => string.Join(" | ", types);
}
