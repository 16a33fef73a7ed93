using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;
using Distil.Core.Specification.Schema;
using Json.Schema;
using static Distil.Core.Tests.Specification.Schema.SchemaDocuments;

namespace Distil.Core.Tests.Specification.Schema;

public sealed class RunSpecSchemaTests
{
    private static readonly JsonSchema Published = JsonSchema.FromText(RunSpecSchema.Published);

    public static TheoryData<string> Samples => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples"), "*.json")];

    [Fact]
    public void The_committed_file_is_what_the_types_give() =>
        Assert.True(RunSpecSchema.Generate() == RunSpecSchema.Published, "schemas/run-spec.schema.json is older than the types; run ./distil schema");

    [Theory]
    [MemberData(nameof(Samples))]
    public void Accepts_every_sample_and_is_where_the_sample_says(string sample)
    {
        var spec = Parse(File.ReadAllText(sample));
        Assert.True(Accepts(spec), sample);
        Assert.True(File.Exists(Path.Combine(Path.GetDirectoryName(sample)!, spec["$schema"]!.GetValue<string>())));
    }

    [Theory]
    [InlineData("training.learningRat", "0.001")]
    [InlineData("training.learningRate", "0")]
    [InlineData("training.epochs", "0")]
    [InlineData("training.epochs", "1.5")]
    [InlineData("training.precision", "\"fp16\"")]
    [InlineData("dataset.evalFraction", "0.6")]
    [InlineData("dataset.sources", "[]")]
    [InlineData("dataset.sources", "[1]")]
    [InlineData("dataset.sources", "\"stories.txt\"")]
    [InlineData("student.slstmAt", "[0, -1]")]
    [InlineData("evaluation.baseline", "null")]
    [InlineData("evaluation.decodeContexts", "[0]")]
    [InlineData("distillation.alpha", "{ \"from\": 0.8 }")]
    [InlineData("teacher", "null")]
    [InlineData("teacher.path", "\"\"")]
    [InlineData("name", "\"The Paper\"")]
    public void Refuses_what_the_reader_refuses(string field, string value)
    {
        var spec = Minimal();
        Set(spec, field, JsonNode.Parse(value));

        Assert.False(Accepts(spec));
        Assert.Throws<InvalidInputException>(() => RunSpecReader.Parse(spec.ToJsonString(), "spec.json", "/"));
    }

    [Fact]
    public void Refuses_a_document_without_its_required_fields() => Assert.False(Accepts(JsonNode.Parse("""{ "name": "a" }""")!));

    [Fact]
    public void Tells_every_default_as_the_records_have_it()
    {
        var spec = Minimal();
        AddDefaults(spec, JsonNode.Parse(RunSpecSchema.Published)!.AsObject(), typeof(RunSpec));
        Assert.True(Accepts(spec));
        Assert.Equal(Written(Minimal()), Written(spec));
    }

    [Fact]
    public void Describes_every_field()
    {
        var records = typeof(RunSpec).Assembly.GetTypes().Where(
            type => type.Namespace == typeof(RunSpec).Namespace && type.Name.EndsWith("Spec", StringComparison.Ordinal));
        var fields = records.SelectMany(record => record.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(field => field.CanWrite));
        var described = Descriptions(JsonNode.Parse(RunSpecSchema.Published)!).ToHashSet();
        Assert.All(fields, field => Assert.Contains(JsonNamingPolicy.CamelCase.ConvertName(field.Name == "Schema" ? "$schema" : field.Name), described));
    }

    private static bool Accepts(JsonNode spec) => Published.Evaluate(JsonSerializer.SerializeToElement(spec)).IsValid;

    private static string Written(JsonNode spec) => JsonSerializer.Serialize(RunSpecReader.Parse(spec.ToJsonString(), "spec.json", "/"), DistilJson.Options);

    private static void AddDefaults(JsonObject spec, JsonObject schema, Type record)
    {
        foreach (var (name, field) in schema["properties"]!.AsObject())
        {
            var property = record.GetProperties().SingleOrDefault(each => JsonNamingPolicy.CamelCase.ConvertName(each.Name) == name);
            if (property?.GetCustomAttribute<ForKindAttribute>() is { Kind: not StudentKind.Xlstm })
            {
                continue; // the reader refuses it for the default kind
            }

            if (field!["default"] is { } value)
            {
                spec[name] ??= value.DeepClone();
            }
            else if (field["properties"] is not null && field["type"] is JsonValue)
            {
                AddDefaults((spec[name] ??= new JsonObject()).AsObject(), field.AsObject(), property!.PropertyType);
            }
        }
    }

    private static IEnumerable<string> Descriptions(JsonNode schema) => schema switch
    {
        JsonObject node => (node["properties"] as JsonObject ?? [])
            .Where(field => field.Value!["description"] is not null).Select(field => field.Key)
            .Concat(node.SelectMany(member => member.Value is null ? [] : Descriptions(member.Value))),
        _ => [],
    };
}
