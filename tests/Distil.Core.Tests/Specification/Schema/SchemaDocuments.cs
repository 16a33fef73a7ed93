using System.Text.Json;
using System.Text.Json.Nodes;

namespace Distil.Core.Tests.Specification.Schema;

/// <summary>Documents to validate with the schemas.</summary>
internal static class SchemaDocuments
{
    /// <summary>A minimal specification.</summary>
    public static JsonObject Minimal() => JsonNode.Parse("""{ "name": "a", "teacher": { "path": "t" }, "dataset": { "sources": ["x"] } }""")!.AsObject();

    /// <summary>Parses a document as the readers do: with comments.</summary>
    public static JsonNode Parse(string json) =>
        JsonNode.Parse(json, documentOptions: new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true })!;

    /// <summary>Sets a field, for instance <c>training.epochs</c>, to a value.</summary>
    public static void Set(JsonObject spec, string field, JsonNode? value)
    {
        var names = field.Split('.');
        foreach (var name in names[..^1])
        {
            spec = (spec[name] ??= new JsonObject()).AsObject();
        }

        spec[names[^1]] = value;
    }
}
