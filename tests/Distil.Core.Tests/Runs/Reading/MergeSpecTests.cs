using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>Specifications of runs that merge students of other runs.</summary>
public sealed class MergeSpecTests
{
    private const string Two = """{ "experts": [{ "run": "a" }, { "run": "b" }] }""";

    [Theory]
    [InlineData("xlstm")]
    [InlineData("linearised")]
    public void A_stored_specification_can_be_submitted_again(string kind)
    {
        var spec = Read(kind, Two);
        var stored = JsonSerializer.Serialize(spec, DistilJson.Options);
        Assert.Equal(["a", "b"], spec.Merge!.Experts.Select(expert => expert.Run));
        Assert.Equal((1, false), (spec.Training.Epochs, spec.StoresTeacherOutputs));
        Assert.Equal(stored, JsonSerializer.Serialize(RunSpecReader.Parse(stored, "spec.json", "/"), DistilJson.Options));
    }

    [Theory]
    [InlineData("""{ "experts": [] }""", "merge.experts is empty; expected at least one")]
    [InlineData("""{ "experts": [{ "run": "a" }] }""", "merge.experts has one run; expected two or more")]
    [InlineData("""{ "experts": [{ "run": "a" }, { "run": "b" }, { "run": "a" }] }""", "merge.experts[2].run is a, which the list contains already; expected each run once")]
    [InlineData("""{ "experts": [{ "run": "a", "weight": 0.5 }, { "run": "b" }] }""",
        "merge.experts has a weight for 1 of 2 runs; expected one for each, or none for equal shares")]
    [InlineData("""{ "experts": [{ "run": "a", "weight": 0.5 }, { "run": "b", "weight": 0.4 }] }""", "merge.experts has weights that add up to 0.9; expected 1")]
    [InlineData("""{ "experts": [{ "run": "a", "weight": 0 }, { "run": "b", "weight": 1 }] }""", "merge.experts[0].weight is 0; expected > 0 and ≤ 1")]
    [InlineData("""{ "experts": [{ "run": "../a" }, { "run": "b" }] }""", "merge.experts[0].run is \"../a\"; expected the id of a run")]
    [InlineData("""{ "experts": [{ "weight": 0.5 }, { "run": "b" }] }""", "merge.experts[0].run is missing; expected a text")]
    public void Experts_that_are_no_mean_are_errors(string merge, string message) =>
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Read("linearised", merge)).Errors.Select(error => error.Message));

    [Theory]
    [InlineData("teacher", "\"mode\": \"online\"", "teacher.mode")]
    [InlineData("distillation", "\"alpha\": { \"from\": 0.5, \"to\": 0.5 }", "distillation.alpha")]
    [InlineData("training", "\"epochs\": 2", "training.epochs")]
    [InlineData("training", "\"stages\": { \"alignment\": { \"share\": 0.2 } }", "training.stages")]
    public void A_field_of_a_training_is_an_error(string section, string field, string path) => Assert.Equal(
        $"{path} is a field of a run that trains; this run merges, and trains nothing: expected it left out",
        Assert.Single(Assert.Throws<InvalidInputException>(() => Read("linearised", Two, section, field)).Errors).Message);

    [Theory]
    [InlineData("baseline")]
    [InlineData("control")]
    public void Another_training_is_an_error(string field) => Assert.Equal(
        $"evaluation.{field} is true; expected false in a run that merges, because it trains nothing",
        Assert.Single(Assert.Throws<InvalidInputException>(() => Read("linearised", Two, "evaluation", $"\"{field}\": true")).Errors).Message);

    [Fact]
    public void What_the_evaluation_uses_may_be_set() => Assert.Equal(
        (3, Precision.Bf16), Read("xlstm", Two, "training", "\"batchSize\": 3, \"precision\": \"bf16\"").Training is var training
            ? (training.BatchSize, training.Precision) : default);

    private static RunSpec Read(string kind, string merge, string section = "evaluation", string fields = "") => RunSpecReader.Parse(
        $$"""
        {
          // Comments are allowed.
          "name": "a", "dataset": { "sources": ["/x"] }, "student": { "kind": "{{kind}}" }, "merge": {{merge}},
          "teacher": { "path": "/t"{{(section == "teacher" ? ", " + fields : "")}} }{{(section == "teacher" ? "" : $", \"{section}\": {{ {fields} }}")}}
        }
        """,
        "spec.json",
        "/");
}
