using System.Collections;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Specification;

public sealed class SpecPathsTests
{
    /// <summary>The texts of a specification that name no file. A new text belongs here or in the walk.</summary>
    private static readonly string[] NoPaths =
        [
            "$schema", "name", "dataset.chat.field", "dataset.documentSeparator", "dataset.textField", "merge.experts[0].run", "evaluation.prompts[0]",
            "evaluation.tasks[0].name", "teacher.endpoint.url", "teacher.endpoint.model",
        ];

    [Fact]
    public void Every_text_of_the_records_is_a_path_of_the_walk_or_known_to_be_none()
    {
        var texts = new List<string>();
        var spec = (RunSpec)Filled(typeof(RunSpec), "", texts);
        Assert.Equal(texts.Except(NoPaths).Order(), spec.Paths().Select(path => path.Field.Text).Order());
        Assert.Equal(NoPaths.Order(), texts.Intersect(NoPaths).Order());
        Assert.All(spec.Paths(), path => Assert.Equal(path.Field.Text, path.Path));
    }

    [Fact]
    public void Mapping_replaces_each_path_and_nothing_else()
    {
        var spec = (RunSpec)Filled(typeof(RunSpec), "", []);
        var mapped = spec.MapPaths((field, path) => $"{field.Pointer}={path}");
        Assert.All(mapped.Paths(), path => Assert.Equal($"{path.Field.Pointer}={path.Field.Text}", path.Path));
        Assert.Equal(Json(spec), Json(mapped.MapPaths((field, _) => field.Text)));
        Assert.Equal(Json(spec), Json(spec.MapPaths((_, path) => path)));

        static string Json(RunSpec spec) => System.Text.Json.JsonSerializer.Serialize(spec, DistilJson.Options);
    }

    /// <summary>A record in which each text is its own path; each list has one item.</summary>
    private static object Filled(Type record, string prefix, List<string> texts)
    {
        var filled = Activator.CreateInstance(record)!;
        foreach (var property in record.GetProperties().Where(property => property.CanWrite))
        {
            var name = property.Name == nameof(RunSpec.Schema) ? "$schema" : prefix + char.ToLowerInvariant(property.Name[0]) + property.Name[1..];
            if (Value(property.PropertyType, name, texts) is { } value)
            {
                property.SetValue(filled, value);
            }
        }

        return filled;
    }

    private static object? Value(Type type, string name, List<string> texts)
    {
        if (type == typeof(string))
        {
            texts.Add(name);
            return name;
        }

        if (typeof(IEnumerable).IsAssignableFrom(type))
        {
            var element = type.GetGenericArguments()[0];
            var items = Array.CreateInstance(element, 1);
            items.SetValue(Value(element, $"{name}[0]", texts) ?? Activator.CreateInstance(element), 0);
            return items;
        }

        return type.IsClass ? Filled(type, $"{name}.", texts) : null;
    }
}
