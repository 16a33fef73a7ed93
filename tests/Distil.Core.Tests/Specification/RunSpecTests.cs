using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.Json;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Specification;

public sealed class RunSpecTests
{
    [Fact]
    public void Survives_being_written_and_read()
    {
        var spec = RunSpecReader.Parse("""{ "name": "a", "$schema": "s", "teacher": { "path": "t" }, "dataset": { "sources": ["x"] } }""", "spec.json", "/");
        var written = JsonSerializer.Serialize(spec, DistilJson.Options);
        Assert.Equal(written, JsonSerializer.Serialize(RunSpecReader.Parse(written, "spec.json", "/"), DistilJson.Options));
    }

    [Fact]
    public void Every_number_has_a_range()
    {
        var numbers = typeof(RunSpec).Assembly.GetTypes()
            .Where(type => type.Namespace == typeof(RunSpec).Namespace)
            .SelectMany(type => type.GetProperties().Where(property => property.CanWrite))
            .Where(property => property.PropertyType.ToString() is var type && (type.Contains("Int") || type.Contains("Double")));
        Assert.All(numbers, property => Assert.NotNull(property.GetCustomAttribute<RangeAttribute>()));
    }
}
