using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification;
using Distil.Core.Specification.Schema;
using Distil.Core.Tests.Specification.Schema;
using Json.Schema;
using static Distil.Core.Tests.Specification.Schema.SchemaDocuments;

namespace Distil.Core.Tests.Runs.Sweeps;

public sealed class SweepSchemaTests
{
    private static readonly string Text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "schemas", "sweep.schema.json"));
    private const string Endpoint = """{ "url": "http://localhost:8000", "model": "m" }""";

    private static readonly JsonSchema Published = JsonSchema.FromText(Text);

    public static TheoryData<string> Sweeps => [.. Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "samples", "sweeps"), "*.json")];

    /// <summary>The fields of a run's schema that are in no list, with a sample value.</summary>
    public static TheoryData<string, string> Fields => [.. FieldsOf(JsonNode.Parse(RunSpecSchema.Published)!.AsObject(), "").Where(
        each => each.Item1 is not ("name" or "$schema"))];

    [Fact]
    public void The_committed_file_is_what_the_types_give() =>
        Assert.True(SweepSchema.Generate() == Text, "schemas/sweep.schema.json is older than the types; run ./distil schema");

    [Theory]
    [MemberData(nameof(Sweeps))]
    public void Accepts_every_sample_and_is_where_the_sample_says(string sample)
    {
        var sweep = Parse(File.ReadAllText(sample));
        Assert.True(Accepts(sweep), sample);
        Assert.Equal(
            Path.Combine(AppContext.BaseDirectory, "schemas", "sweep.schema.json"),
            Path.GetFullPath(sweep["$schema"]!.GetValue<string>(), Path.GetDirectoryName(sample)!));
    }

    [Theory]
    [MemberData(nameof(RunSpecSchemaTests.Samples), MemberType = typeof(RunSpecSchemaTests))]
    public void Accepts_a_run_which_is_a_sweep_without_lists(string sample) => Assert.True(Accepts(Parse(File.ReadAllText(sample))), sample);

    [Theory]
    [MemberData(nameof(Fields))]
    public void Takes_a_list_of_values_in_every_field_as_the_reader_does(string field, string value)
    {
        var spec = Minimal();
        if (field.StartsWith("distillation", StringComparison.Ordinal)) // a merge has none
        {
            spec["distillation"] = JsonNode.Parse("""{ "alpha": { "from": 0.8, "to": 0.5 }, "temperature": { "from": 2, "to": 0.5 } }""");
        }

        if (IsOfLinearised(field))
        {
            Set(spec, "student.kind", JsonValue.Create("linearised"));
        }

        if (field.StartsWith("dataset.chat", StringComparison.Ordinal)) // text has none
        {
            Set(spec, "dataset.format", JsonValue.Create("jsonl"));
        }

        if (field.StartsWith("teacher.endpoint.", StringComparison.Ordinal)) // it needs both
        {
            Set(spec, "teacher.endpoint", JsonNode.Parse(Endpoint)!);
        }

        if (field is "distillation.divergence.beta" or "distillation.divergence.skew") // each belongs to some kinds
        {
            Set(spec, "distillation.divergence.kind", JsonValue.Create(field.EndsWith("beta", StringComparison.Ordinal) ? "jensenShannon" : "skewKl"));
        }

        if (field == "export.to")
        {
            Set(spec, "export.weights", new JsonArray("fp32"));
        }

        Set(spec, field, new JsonArray(JsonNode.Parse(value), JsonNode.Parse(value)));
        Assert.True(Accepts(spec), spec.ToJsonString());
        Assert.Equal(field, Assert.Single(Read(spec)!.Axes).Path);

        Set(spec, field, new JsonArray(JsonNode.Parse(value), true, "no value of anything", new JsonObject { ["no"] = 1 }));
        Assert.False(Accepts(spec), spec.ToJsonString());
    }

    [Theory]
    [InlineData("name", """["a", "b"]""")]
    [InlineData("training", "[]")]
    [InlineData("training", """[{ "epochs": [1, 2] }]""")]
    [InlineData("training.epochs", "[]")]
    [InlineData("training.epochs", "[1, 0]")]
    [InlineData("training.epochs", "[[1]]")]
    [InlineData("training.learningRat", "[1]")]
    [InlineData("teacher.mode", """["offline", "onlin"]""")]
    [InlineData("student.slstmAt", "[[0, 2], [-1]]")]
    [InlineData("dataset.sources", "[]")]
    [InlineData("dataset.sources", """[["a"], []]""")]
    [InlineData("evaluation.tasks", """[{ "name": ["a", "b"], "path": "t" }]""")]
    [InlineData("distillation.alpha", """[{ "from": 0.8 }]""")]
    public void Refuses_what_the_readers_refuse(string field, string value)
    {
        var spec = Minimal();
        Set(spec, field, JsonNode.Parse(value));
        Assert.False(Accepts(spec));
        Assert.Throws<InvalidInputException>(() => Read(spec) as object ?? RunSpecReader.Parse(spec.ToJsonString(), "sweep.json", "/"));
    }

    [Theory]
    [InlineData("student.heads", "[null, 4]")]
    [InlineData("student.slstmAt", "[[0, 2], []]")]
    [InlineData("distillation", """{ "alignment": [{ "kind": "none" }, { "kind": "cosine" }], "alpha": { "from": [0.7, 0.8], "to": 0.5 } }""")]
    [InlineData("evaluation.tasks", """[[], [{ "name": "a", "path": "t" }]]""")]
    public void Accepts_the_lists_that_make_runs(string field, string value)
    {
        var spec = Minimal();
        Set(spec, field, JsonNode.Parse(value));
        Assert.True(Accepts(spec));
        Assert.NotNull(Read(spec));
    }

    private static bool IsOfLinearised(string field) =>
        field.StartsWith("training.stages", StringComparison.Ordinal)
        || typeof(StudentSpec).GetProperties().Any(property => property.GetCustomAttribute<ForKindAttribute>()?.Kind == StudentKind.Linearised
            && field.StartsWith($"student.{JsonNamingPolicy.CamelCase.ConvertName(property.Name)}", StringComparison.Ordinal));

    private static bool Accepts(JsonNode spec) => Published.Evaluate(JsonSerializer.SerializeToElement(spec)).IsValid;

    private static Sweep? Read(JsonNode spec) => SweepReader.TryParse(spec.ToJsonString(), "sweep.json", "/");

    private static IEnumerable<(string, string)> FieldsOf(JsonObject record, string path) => record["properties"]!.AsObject().SelectMany(field =>
    {
        var (name, rule) = (path + field.Key, field.Value!.AsObject());
        return rule["properties"] is null ? [(name, Value(name, rule))] : FieldsOf(rule, name + ".").Prepend((name, Value(name, rule)));
    });

    // A value that a run could have there: its default, or something that fits.
    private static string Value(string name, JsonObject rule) => rule["default"]?.ToJsonString() ?? name switch
    {
        "teacher" => """{ "path": "t" }""",
        "teacher.endpoint" => Endpoint,
        "teacher.endpoint.url" => "\"http://localhost:8000\"",
        "dataset" => """{ "sources": ["x"] }""",
        "dataset.sources" => """["x"]""",
        "merge" => """{ "experts": [{ "run": "a" }, { "run": "b" }] }""",
        "merge.experts" => """[{ "run": "a" }, { "run": "b" }]""",
        "student.slstmAt" => "[0]",
        "training.quantize" => "\"int4\"",
        "export.to" => """["onnx"]""",
        "export.weights" => """["int4"]""",
        "distillation.alpha.from" or "distillation.temperature.from" => "0.9",
        "distillation.alpha.to" or "distillation.temperature.to" => "0.5",
        _ when rule["properties"] is not null => "{}",
        _ when rule["items"] is not null => "[16]",
        _ when rule["type"]!.ToJsonString().Contains("integer") => "1024",
        _ when rule["type"]!.ToJsonString().Contains("number") => "0.5",
        _ => "\"x\"",
    };
}
