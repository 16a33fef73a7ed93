using System.Reflection;
using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Reading;

/// <summary>Finds fields that the specification's kind of student does not have.</summary>
internal static class KindChecks
{
    /// <summary>The kind of student of a specification.</summary>
    public static StudentKind KindOf(JsonElement spec) =>
        spec.TryGetProperty("student", out var student) && student.TryGetProperty("kind", out var kind) && kind.ValueKind == JsonValueKind.String
        && Enum.TryParse<StudentKind>(kind.GetString(), ignoreCase: true, out var found) ? found : default;

    /// <summary>Finds the fields.</summary>
    /// <param name="spec">A specification whose fields are each valid.</param>
    public static IEnumerable<FieldError> Find(JsonElement spec)
    {
        var kind = KindOf(spec);
        return from section in Fields(typeof(RunSpec))
               where spec.TryGetProperty(section.Key, out var present) && present.ValueKind == JsonValueKind.Object
               let members = spec.GetProperty(section.Key)
               from field in Fields(section.Value.PropertyType)
               where field.Value.GetCustomAttribute<ForKindAttribute>() is { } only && only.Kind != kind && members.TryGetProperty(field.Key, out _)
               select FieldError.Of(
                   FieldPath.Parse(section.Key).Field(field.Key),
                   $"is a field for student.kind {DistilJson.Word(field.Value.GetCustomAttribute<ForKindAttribute>()!.Kind)}; this student's kind is {DistilJson.Word(kind)}");
    }

    private static Dictionary<string, PropertyInfo> Fields(Type record) =>
        record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(field => field.CanWrite).ToDictionary(FieldChecker.NameOf);
}
