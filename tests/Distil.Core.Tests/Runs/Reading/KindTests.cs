using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>The kinds of student in a specification.</summary>
public sealed class KindTests
{
    [Theory]
    [InlineData("student", "blocks", "6", "xlstm", "linearised")]
    [InlineData("student", "ffnProjFactor", "1.7", "xlstm", "linearised")]
    [InlineData("training", "learningRate", "2e-4", "xlstm", "linearised")]
    [InlineData("student", "window", "0", "linearised", "xlstm")]
    [InlineData("student", "gates", "{}", "linearised", "xlstm")]
    [InlineData("training", "stages", "{}", "linearised", "xlstm")]
    public void A_field_of_the_other_kind_is_an_error_even_with_its_default(string section, string field, string value, string of, string kind)
    {
        var error = Assert.Single(Assert.Throws<InvalidInputException>(() => Read(kind, (section, $"\"{field}\": {value}"))).Errors);
        Assert.Equal($"{section}.{field} is a field for student.kind {of}; this student's kind is {kind}", error.Message);
    }

    [Fact]
    public void A_linearised_student_has_its_own_defaults_and_keeps_what_is_set()
    {
        var spec = Read("linearised", ("distillation", """ "temperature": { "from": 2, "to": 1 } """));
        Assert.Equal((0.9, 0.9), (spec.Distillation.Alpha.From, spec.Distillation.Alpha.To));
        Assert.Equal((2.0, 1.0), (spec.Distillation.Temperature.From, spec.Distillation.Temperature.To));
        Assert.Equal(AlignmentKind.None, spec.Distillation.Alignment.Kind);
        Assert.Equal(0.1, spec.Training.Stages!.Alignment.Share);
        Assert.Equal((0.8, 0.5), (Read("xlstm").Distillation.Alpha.From, Read("xlstm").Distillation.Alpha.To));
        Assert.Null(Read("xlstm").Training.Stages);
    }

    [Theory]
    [InlineData("xlstm", "\"blocks\":6", "\"window\"")]
    [InlineData("linearised", "\"sinks\":4", "\"blocks\"")]
    public void A_stored_specification_has_the_fields_of_its_kind_and_can_be_submitted_again(string kind, string expected, string unexpected)
    {
        var spec = Read(kind);
        var stored = JsonSerializer.Serialize(spec, DistilJson.Options);
        Assert.Contains(expected, stored, StringComparison.Ordinal);
        Assert.DoesNotContain(unexpected, stored, StringComparison.Ordinal);
        Assert.Equal(stored, JsonSerializer.Serialize(RunSpecReader.Parse(stored, "spec.json", "/"), DistilJson.Options));
    }

    [Theory]
    [InlineData("student", "\"keepAttention\": [1, 0, 1]", "student.keepAttention[2] is 1")]
    [InlineData("student", "\"gates\": { \"memory\": 1 }", "student.gates.memory is 1; expected > 0")]
    [InlineData("training", "\"precision\": \"bf16\"", "training.precision is bf16; expected fp32")]
    [InlineData("training", "\"stages\": { \"alignment\": { \"share\": 1.5 } }", "training.stages.alignment.share is 1.5; expected ≥ 0 and ≤ 1")]
    public void Values_that_cannot_be_used_are_errors(string section, string field, string message) => Assert.Contains(
        Assert.Throws<InvalidInputException>(() => Read("linearised", (section, field))).Errors,
        error => error.Message.StartsWith(message, StringComparison.Ordinal));

    [Fact]
    public void A_window_of_0_cannot_be_left_out() => Assert.Contains(
        "windowDropout is above 0 and student.window is 0", Assert.Throws<InvalidInputException>(() => Read(
            "linearised", ("student", "\"window\": 0"), ("training", """ "stages": { "distillation": { "windowDropout": 0.5 } } """))).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Kept_attention_cannot_be_exported_for_genai()
    {
        (string, string)[] Fields(string kept) => [("student", $"\"keepAttention\": [{kept}]"), ("export", """ "to": ["genai"], "weights": ["int4"] """)];
        Assert.Contains(
            "export.to has genai, and student.keepAttention layers", Assert.Throws<InvalidInputException>(() => Read("linearised", Fields("1"))).Message,
            StringComparison.Ordinal);
        Assert.Equal("genai-int4", Assert.Single(Read("linearised", Fields("")).Export.Parts).Name);
    }

    private static RunSpec Read(string kind, params (string Section, string Field)[] fields)
    {
        string In(string section) => string.Concat(fields.Where(field => field.Section == section).Select(field => $", {field.Field}")).TrimStart(',');
        return RunSpecReader.Parse(
            $$"""
            {
              "name": "a", "teacher": { "path": "teacher" }, "dataset": { "sources": ["text.txt"], "contextLength": 64 },
              "student": { "kind": "{{kind}}", {{In("student")}} }, "training": { {{In("training")}} }, "distillation": { {{In("distillation")}} },
              "export": { {{In("export")}} }
            }
            """, "spec.json", "/");
    }
}
