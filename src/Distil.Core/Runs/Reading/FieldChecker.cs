using System.Collections;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Runs.Reading;

/// <summary>Compares a JSON document with the records that it will become, and collects all errors.</summary>
/// <remarks>The records define everything: their properties are the fields, their attributes the ranges.</remarks>
internal sealed class FieldChecker
{
    private static readonly NullabilityInfoContext Nullability = new();
    private readonly List<FieldError> _errors = [];

    /// <value>The errors, in the document's order.</value>
    public IReadOnlyList<FieldError> Errors => _errors;

    /// <summary>Checks a whole document.</summary>
    public void CheckDocument(JsonElement document, Type record)
    {
        if (document.ValueKind != JsonValueKind.Object)
        {
            _errors.Add(new FieldError("", $"the document is {Show(document)}; expected an object"));
            return;
        }

        CheckRecord(document, record, FieldPath.Root);
    }

    private void CheckRecord(JsonElement json, Type record, FieldPath path)
    {
        var fields = record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(field => field.CanWrite).ToDictionary(NameOf);
        var seen = new HashSet<string>();
        foreach (var member in json.EnumerateObject())
        {
            var at = path.Field(member.Name);
            if (!fields.TryGetValue(member.Name, out var field))
            {
                Add(at, $"is not a field of {path}{NearestName.Suggest(member.Name, fields.Keys)}");
            }
            else if (!seen.Add(member.Name))
            {
                Add(at, "stands twice; expected once");
            }
            else
            {
                CheckField(member.Value, field, at);
            }
        }

        foreach (var (name, field) in fields.Where(pair => pair.Value.IsDefined(typeof(RequiredMemberAttribute)) && !seen.Contains(pair.Key)))
        {
            Add(path.Field(name), $"is missing; expected {Describe(field.PropertyType)}");
        }
    }

    private void CheckField(JsonElement json, PropertyInfo field, FieldPath path)
    {
        if (json.ValueKind == JsonValueKind.Null)
        {
            if (!IsNullable(field))
            {
                Add(path, $"is null; expected {Describe(field.PropertyType)}");
            }

            return;
        }

        if (field.GetCustomAttribute<MinLengthAttribute>() is not null && LengthOf(json) == 0)
        {
            Add(path, $"is empty; expected {(json.ValueKind == JsonValueKind.Array ? "at least one" : "a text")}");
            return;
        }

        CheckValue(json, field.PropertyType, field, path);
    }

    private void CheckValue(JsonElement json, Type type, PropertyInfo field, FieldPath path)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (!Fits(json, type))
        {
            var suggestion = type.IsEnum && json.ValueKind == JsonValueKind.String ? NearestName.Suggest(json.GetString()!, EnumNames(type)) : "";
            Add(path, $"is {Show(json)}; expected {Describe(type)}{suggestion}");
        }
        else if (ElementOf(type) is { } element)
        {
            var index = 0;
            foreach (var item in json.EnumerateArray())
            {
                CheckValue(item, element, field, path.Item(index++));
            }
        }
        else if (json.ValueKind == JsonValueKind.Object)
        {
            CheckRecord(json, type, path);
        }
        else if (json.ValueKind == JsonValueKind.Number)
        {
            CheckRange(json, field.GetCustomAttribute<RangeAttribute>(), path);
        }
        else if (json.ValueKind == JsonValueKind.String && json.GetString()!.Contains('\0', StringComparison.Ordinal))
        {
            Add(path, $"is {Show(json)}; expected a text without the character NUL");
        }
        else if (field.GetCustomAttribute<RegularExpressionAttribute>() is { } pattern && !Regex.IsMatch(json.GetString()!, $"^(?:{pattern.Pattern})\\z"))
        {
            Add(path, $"is {Show(json)}; expected {pattern.ErrorMessage ?? pattern.Pattern}");
        }
    }

    private void CheckRange(JsonElement json, RangeAttribute? range, FieldPath path)
    {
        if (range is null)
        {
            return;
        }

        var (value, least, most) = (json.GetDouble(), (double)range.Minimum, (double)range.Maximum);
        if (value < least || value > most || (range.MinimumIsExclusive && value == least) || (range.MaximumIsExclusive && value == most))
        {
            var lower = $"{(range.MinimumIsExclusive ? ">" : "≥")} {least.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
            var upper = double.IsInfinity(most) ? "" : $" and {(range.MaximumIsExclusive ? "<" : "≤")} {most.ToString(System.Globalization.CultureInfo.InvariantCulture)}";
            Add(path, $"is {Show(json)}; expected {lower}{upper}");
        }
    }

    private void Add(FieldPath path, string fault) => _errors.Add(FieldError.Of(path, fault));

    private static bool Fits(JsonElement json, Type type) => json.ValueKind switch
    {
        JsonValueKind.String when type.IsEnum => EnumNames(type).Contains(json.GetString()),
        JsonValueKind.String => type == typeof(string),
        JsonValueKind.True or JsonValueKind.False => type == typeof(bool),
        JsonValueKind.Number when type == typeof(int) => json.TryGetInt32(out _),
        JsonValueKind.Number when type == typeof(long) => json.TryGetInt64(out _),
        JsonValueKind.Number => type == typeof(double) && double.IsFinite(json.GetDouble()),
        JsonValueKind.Array => ElementOf(type) is not null,
        JsonValueKind.Object => type.IsClass && type != typeof(string) && ElementOf(type) is null,
        _ => false,
    };

    private static string Describe(Type type)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            _ when type == typeof(string) => "a text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) || type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            { IsEnum: true } => string.Join(" or ", EnumNames(type)),
            _ when ElementOf(type) is { } element => $"a list, each {Describe(element)}",
            _ => "an object",
        };
    }

    /// <summary>A field's name in JSON.</summary>
    internal static string NameOf(PropertyInfo field) =>
        field.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name ?? JsonNamingPolicy.CamelCase.ConvertName(field.Name);

    private static IEnumerable<string> EnumNames(Type type) => Enum.GetNames(type).Select(JsonNamingPolicy.CamelCase.ConvertName);

    /// <summary>The type of a list's elements; null if the type is not a list.</summary>
    internal static Type? ElementOf(Type type) =>
        type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) ? type.GetGenericArguments()[0] : null;

    private static bool IsNullable(PropertyInfo field)
    {
        lock (Nullability)
        {
            return Nullability.Create(field).WriteState == NullabilityState.Nullable;
        }
    }

    private static int? LengthOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Array => json.GetArrayLength(),
        JsonValueKind.String => json.GetString()!.Length,
        _ => null,
    };

    private static string Show(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "a list",
        _ => Shown.Short(UrlSecrets.Without(json.GetRawText())),
    };
}
