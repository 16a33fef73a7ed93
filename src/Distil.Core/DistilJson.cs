using System.Collections;
using System.Reflection;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;

namespace Distil.Core;

/// <summary>How Distil writes and reads its JSON documents: camelCase names and enum values; unknown and missing members are errors.</summary>
public static class DistilJson
{
    /// <value>Options for one line: payloads and JSON lines.</value>
    public static JsonSerializerOptions Options { get; } = Create(indented: false);

    /// <value>Options for several lines: documents that people open.</value>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true);

    private static JsonSerializerOptions Create(bool indented)
    {
        var options = new JsonSerializerOptions
        {
            PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
            UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            RespectNullableAnnotations = true,
            RespectRequiredConstructorParameters = true,
            Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // the documents are files, not parts of a web page
            WriteIndented = indented,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutComputed, RefuseNullItems } },
            Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
        };
        options.MakeReadOnly();
        return options;
    }

    private static void LeaveOutComputed(JsonTypeInfo type)
    {
        foreach (var property in
            type.Type.IsDefined(typeof(ConstructedJsonAttribute), inherit: true) ? type.Properties.Where(property => property.Set is null).ToList() : [])
        {
            type.Properties.Remove(property);
        }
    }

    // The serializer rejects null for members that cannot be null, but accepts it in their lists.
    private static void RefuseNullItems(JsonTypeInfo type)
    {
        var lists = type.Properties.Where(HoldsNoNull).ToList();
        if (lists.Count > 0)
        {
            type.OnDeserialized = read =>
            {
                if (lists.Find(list => list.Get!(read) is IEnumerable items && items.Cast<object?>().Contains(null)) is { } wrong)
                {
                    throw new JsonException($"{wrong.Name} has an item that is null");
                }
            };
        }
    }

    private static bool HoldsNoNull(JsonPropertyInfo property) =>
        property is { Get: not null, AttributeProvider: PropertyInfo member } && typeof(IReadOnlyList<object>).IsAssignableFrom(property.PropertyType)
        && new NullabilityInfoContext().Create(member).GenericTypeArguments is [{ ReadState: NullabilityState.NotNull }];
}
