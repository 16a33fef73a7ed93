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
    public static JsonSerializerOptions Options { get; } = Create(indented: false, new FiniteNumbers());

    /// <value>Options for several lines: documents that people open.</value>
    public static JsonSerializerOptions Indented { get; } = Create(indented: true, new FiniteNumbers());

    /// <value>Options for deriving schemas: the exporter cannot see through a converter for numbers.</value>
    internal static JsonSerializerOptions ForSchemas { get; } = Create(indented: false);

    /// <summary>Gives other options, for instance those of a web framework, the form of Distil's documents.</summary>
    /// <param name="options">Options that may still be changed. Indentation is left as it is.</param>
    public static void Configure(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.CamelCase;
        options.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
        options.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
        options.NumberHandling = JsonNumberHandling.Strict;
        options.RespectNullableAnnotations = true;
        options.RespectRequiredConstructorParameters = true;
        options.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping; // the documents are files, not parts of a web page
        options.TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { LeaveOutComputed, LeaveOutInapplicable, LeaveOutDefaults, RefuseNullItems } };
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false));
    }

    /// <summary>A value as in Distil's documents: <c>OutOfMemory</c> is <c>outOfMemory</c>.</summary>
    /// <param name="value">The value.</param>
    public static string Word<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private static JsonSerializerOptions Create(bool indented, params JsonConverter[] converters)
    {
        var options = new JsonSerializerOptions { WriteIndented = indented };
        Configure(options);
        foreach (var converter in converters)
        {
            options.Converters.Add(converter);
        }

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

    private static void LeaveOutInapplicable(JsonTypeInfo type)
    {
        foreach (var property in typeof(IPartlyWritten).IsAssignableFrom(type.Type) ? type.Properties : [])
        {
            if (property.AttributeProvider is MemberInfo field)
            {
                property.ShouldSerialize = (owner, value) => value is not null && ((IPartlyWritten)owner).Writes(field);
            }
        }
    }

    private static void LeaveOutDefaults(JsonTypeInfo type)
    {
        foreach (var property in type.Properties.Where(each => each.AttributeProvider?.IsDefined(typeof(AddedLaterAttribute), inherit: false) == true))
        {
            var initial = property.Get!(Activator.CreateInstance(type.Type)!);
            property.ShouldSerialize = (_, value) => value is not null && !value.Equals(initial);
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
