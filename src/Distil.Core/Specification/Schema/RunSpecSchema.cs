using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Schema;

namespace Distil.Core.Specification.Schema;

/// <summary>The JSON Schema of <see cref="RunSpec"/>, with which an editor completes and checks a specification.</summary>
/// <remarks>Everything is generated from the types: names and required fields from the serializer, ranges and patterns from the attributes, defaults from the
/// initial values, descriptions from the documentation. Draft 7, which editors support best.</remarks>
public static class RunSpecSchema
{
    internal const string Draft = "http://json-schema.org/draft-07/schema#";

    /// <value>The committed <c>schemas/run-spec.schema.json</c>, as the hosts publish it.</value>
    public static string Published { get; } = ReadPublished();

    /// <summary>Generates the schema from the types.</summary>
    /// <exception cref="FileNotFoundException">The assembly's documentation file is missing.</exception>
    public static string Generate()
    {
        var schema = Make();
        schema.Insert(0, "$schema", Draft);
        schema.Insert(1, "title", "Distil run specification");
        return Written(schema);
    }

    /// <summary>Generates the schema without a heading, as a part of another schema.</summary>
    internal static JsonObject Make()
    {
        var comments = DocumentationComments.Of(typeof(RunSpec).Assembly);
        return DistilJson.ForSchemas.GetJsonSchemaAsNode(typeof(RunSpec), new JsonSchemaExporterOptions
        {
            TreatNullObliviousAsNonNullable = true,
            TransformSchemaNode = (context, node) => Complete(node.AsObject(), context, comments),
        }).AsObject();
    }

    /// <summary>The text of a schema's file.</summary>
    internal static string Written(JsonObject schema) => schema.ToJsonString(DistilJson.Indented) + "\n";

    private static JsonObject Complete(JsonObject node, JsonSchemaExporterContext context, DocumentationComments comments)
    {
        var type = Nullable.GetUnderlyingType(context.TypeInfo.Type) ?? context.TypeInfo.Type;
        var property = context.PropertyInfo?.AttributeProvider as PropertyInfo;
        if (type.IsEnum && node["enum"] is JsonArray values)
        {
            node["enumDescriptions"] = new JsonArray([.. Enum.GetNames(type).Select(name => (JsonNode)(comments.Summary(type.GetField(name)!) ?? ""))]);
            if (values.All(value => value is not null))
            {
                node.Insert(0, "type", "string");
            }
        }

        if (property is not null)
        {
            SchemaRules.Add(node, property);
            AddDefault(node, property);
        }

        if ((property is null ? comments.Summary(type) : comments.Value(property)) is { } description)
        {
            node.Insert(0, "description", description);
        }

        return node;
    }

    private static void AddDefault(JsonObject node, PropertyInfo property)
    {
        if (property.IsDefined(typeof(RequiredMemberAttribute)) || property.GetValue(Activator.CreateInstance(property.DeclaringType!)) is not { } value)
        {
            return;
        }

        var written = JsonSerializer.SerializeToNode(value, property.PropertyType, DistilJson.Options);
        if (written is not JsonObject || HasRequired(property.PropertyType))
        {
            // else its fields have defaults of their own
            node["default"] = written;
        }
    }

    private static bool HasRequired(Type type) => type.GetProperties().Any(property => property.IsDefined(typeof(RequiredMemberAttribute)));

    private static string ReadPublished()
    {
        using var reader = new StreamReader(typeof(RunSpecSchema).Assembly.GetManifestResourceStream("run-spec.schema.json")!);
        return reader.ReadToEnd();
    }
}
