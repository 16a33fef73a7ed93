using System.Text.Json.Nodes;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Runs.Reading;

public sealed class RunSpecReaderTests
{
    private const string Least = """{ "name": "tales", "teacher": { "path": "teacher" }, "dataset": { "sources": ["text"] } }""";

    private static readonly string[] Damages = ["", "{", "}", "[", "]", ",", ":", "\"", "1e999", "null", "-", "/*", "\\"];

    [Fact]
    public void What_is_not_said_is_the_papers()
    {
        var spec = Parse(Least);
        Assert.Equal((6, 10, 2e-4, 512), (spec.Student.Blocks, spec.Training.Epochs, spec.Training.LearningRate, spec.Dataset.ContextLength));
        Assert.Equal((0.8, 0.5, 0.1), (spec.Distillation.Alpha.From, spec.Distillation.Alpha.To, spec.Distillation.Alignment.Weight));
    }

    [Fact]
    public void Comments_and_trailing_commas_are_allowed() =>
        Assert.Equal("tales", Parse("// why\n" + Least[..^1] + ", /* more */ \"seed\": 2, }").Name);

    [Fact]
    public void Relative_paths_count_from_the_specifications_folder()
    {
        var spec = Parse(Least);
        Assert.Equal("/specs/teacher", spec.Teacher.Path);
        Assert.Equal(["/specs/text"], spec.Dataset.Sources);
        Assert.Equal("hf://a/b@c", Parse(Least.Replace("\"teacher\" }", "\"hf://a/b@c\" }")).Teacher.Path);
    }

    [Fact]
    public void So_do_those_of_tasks()
    {
        var task = Parse(Least[..^1] + """, "evaluation": { "tasks": [{ "name": "t", "path": "t.jsonl", "shotsPath": "s.jsonl" }] } }""").Evaluation.Tasks[0];
        Assert.Equal(("/specs/t.jsonl", "/specs/s.jsonl", TaskFormat.Auto, 0), (task.Path, task.ShotsPath, task.Format, task.Shots));
    }

    [Theory]
    [InlineData("training.learningRat", "1", "training.learningRat is not a field of training; did you mean learningRate?")]
    [InlineData("nmae", "1", "nmae is not a field of the specification; did you mean name?")]
    [InlineData("training.zzz", "1", "training.zzz is not a field of training")]
    [InlineData("training.epochs", "\"ten\"", "training.epochs is \"ten\"; expected a whole number")]
    [InlineData("training.epochs", "1.5", "training.epochs is 1.5; expected a whole number")]
    [InlineData("training.epochs", "99999999999", "training.epochs is 99999999999; expected a whole number")]
    [InlineData("training.epochs", "0", "training.epochs is 0; expected ≥ 1")]
    [InlineData("training.epochs", "null", "training.epochs is null; expected a whole number")]
    [InlineData("training.learningRate", "0", "training.learningRate is 0; expected > 0")]
    [InlineData("training.quantize", "\"int3\"", "training.quantize is \"int3\"; expected int8 or int4; did you mean int8?")]
    [InlineData("export.weights", "[\"fp16\"]", "export.weights[0] is \"fp16\"; expected fp32 or bf16 or int8 or int4; did you mean fp32?")]
    [InlineData("training", "[]", "training is a list; expected an object")]
    [InlineData("teacher.mode", "\"offlin\"", "teacher.mode is \"offlin\"; expected offline or online; did you mean offline?")]
    [InlineData("teacher.mode", "1", "teacher.mode is 1; expected offline or online")]
    [InlineData("teacher.keep.tailDraws", "-1", "teacher.keep.tailDraws is -1; expected ≥ 0 and ≤ 512")]
    [InlineData("teacher.keep.tailDraws", "513", "teacher.keep.tailDraws is 513; expected ≥ 0 and ≤ 512")]
    [InlineData("teacher.keep.topP", "1.1", "teacher.keep.topP is 1.1; expected > 0 and ≤ 1")]
    [InlineData("teacher.path", "\"\"", "teacher.path is empty; expected a text")]
    [InlineData("dataset.sources", "[]", "dataset.sources is empty; expected at least one")]
    [InlineData("dataset.sources", "[\"a\", 2]", "dataset.sources[1] is 2; expected a text")]
    [InlineData("dataset.sources", "\"a\"", "dataset.sources is \"a\"; expected a list, each a text")]
    [InlineData("student.slstmAt", "[0, -1]", "student.slstmAt[1] is -1; expected ≥ 0")]
    [InlineData("evaluation.tasks", """[{"name": "a b", "path": "x"}]""", "evaluation.tasks[0].name is \"a b\"; expected 1–40 of a–z, A–Z, 0–9, '-', '_' and '.'")]
    [InlineData("evaluation.recall.lengths", "[16, 4]", "evaluation.recall.lengths[1] is 4; expected ≥ 8")]
    [InlineData("evaluation.baseline", "\"yes\"", "evaluation.baseline is \"yes\"; expected true or false")]
    [InlineData("name", "\"tales\\n\"", "name is \"tales\\n\"; expected 1–40 of a–z, 0–9 and '-', starting with a letter or digit")]
    [InlineData("name", "\"Two words\"", "name is \"Two words\"; expected 1–40 of a–z, 0–9 and '-', starting with a letter or digit")]
    [InlineData("distillation.alpha", "{\"from\": 0.5}", "distillation.alpha.to is missing; expected a number")]
    public void A_field_that_does_not_fit_is_named_with_what_was_expected(string field, string value, string message)
    {
        var error = Assert.Single(ErrorsWith(field, value));
        Assert.Equal(message, error.Message);
        Assert.Equal("/" + message.Split(' ')[0].Replace('.', '/').Replace("[", "/").Replace("]", ""), error.Pointer);
    }

    [Theory]
    [InlineData("distillation.alignment.weight", "0.3", "distillation.alpha.from is 0.8 and alignment.weight 0.3; expected a sum of at most 1")]
    [InlineData("distillation.alpha", "{\"from\": 0.4, \"to\": 0.5}", "distillation.alpha.from is 0.4; expected at least alpha.to, 0.5")]
    [InlineData("export", "{\"to\": [\"onnx\"]}", "export.weights has no form for export.to onnx; expected one or more of fp32, bf16, int8, int4")]
    [InlineData("export", "{\"to\": [\"onnx\", \"hf\"], \"weights\": [\"int4\"]}", "export.weights has no form for export.to hf; expected one or more of fp32, bf16")]
    [InlineData("distillation.temperature", "{\"from\": 2, \"to\": 0}", "distillation.temperature.to is 0; expected > 0")]
    [InlineData("distillation.divergence.kind", "\"hellinger\"", "distillation.divergence.kind is \"hellinger\"; expected")]
    [InlineData("distillation.divergence.beta", "0.5", "distillation.divergence.beta is set and kind is forwardKl, which has no β; expected kind jensenShannon")]
    [InlineData("distillation.divergence.skew", "0.5", "distillation.divergence.skew is set and kind is forwardKl, which has no skew")]
    [InlineData("distillation.divergence.beta", "0", "distillation.divergence.beta is 0; expected > 0 and < 1")]
    [InlineData("distillation.divergence.skew", "1", "distillation.divergence.skew is 1; expected > 0 and < 1")]
    [InlineData("distillation.alignment.reduction", "\"blockWise\"", "distillation.alignment.reduction is blockWise, which needs each teacher layer")]
    [InlineData("distillation.alignment.reduction", "\"average\"", "distillation.alignment.reduction is average, which needs each teacher layer")]
    [InlineData("distillation.alignment.reduction", "\"ratio\"", "distillation.alignment.reduction is ratio, which needs each teacher layer")]
    [InlineData("student.slstmAt", "[0, 6]", "student.slstmAt[1] is 6; expected an index below student.blocks, 6")]
    [InlineData("student.slstmAt", "[1, 1]", "student.slstmAt[1] is 1, which stands in the list already")]
    [InlineData("evaluation.tasks", """[{"name": "a", "path": "x"}, {"name": "a", "path": "y"}]""", "evaluation.tasks[1].name is a, which an earlier task")]
    [InlineData("dataset.shardTokens", "100", "dataset.shardTokens is 100; expected at least dataset.contextLength, 512")]
    [InlineData("dataset.chat", "{}", "dataset.chat is set and dataset.format is text; expected dataset.format jsonl or parquet")]
    [InlineData("dataset", """{"sources": ["a"], "format": "jsonl", "textField": "body", "chat": {}}""", "dataset.textField is body and dataset.chat is set")]
    [InlineData("dataset", """{"sources": ["a"], "format": "jsonl", "chat": {"packing": "none"}, "isolateDocuments": true}""", "dataset.isolateDocuments is true and dataset.chat.packing none, whose rows have one conversation each")]
    [InlineData("dataset", """{"sources": ["a"], "format": "jsonl", "chat": {"field": "x", "form": "completion"}}""", "dataset.chat.field is x; expected dataset.chat.form messages")]
    [InlineData("dataset.evalFraction", "0", "dataset.evalFraction is 0 and dataset.evalSources is empty")]
    [InlineData("compute.gpusPerWorker", "2", "training.gradientAccumulation is 1 and compute.gpusPerWorker 2; expected at least 2, a micro-batch for each")]
    [InlineData("compute", """{"device": "cpu", "gpusPerWorker": 2}""", "compute.gpusPerWorker is 2 and compute.device cpu; expected 1 on a CPU")]
    public void Fields_that_do_not_go_together_are_named(string field, string value, string beginning) =>
        Assert.StartsWith(beginning, Assert.Single(ErrorsWith(field, value)).Message);

    [Theory]
    [InlineData("teacher.path", "\"https://host/t?sig=hush\"", "teacher.path is https://host/t with a signature or key (sig), which would be stored")]
    [InlineData("dataset.sources", "[\"a\", \"https://host/*.txt?sv=1&sig=hush\"]", "dataset.sources[1] is https://host/*.txt with a signature or key (sig)")]
    [InlineData("dataset.evalSources", "[\"https://me:hush@host/a\"]", "dataset.evalSources[0] is https://host/a with a user's name or password")]
    [InlineData("evaluation.tasks", """[{"name": "a", "path": "https://host/q?token=hush"}]""", "evaluation.tasks[0].path is https://host/q with a signature")]
    [InlineData("dataset.sources", "\"https://host/a?sig=hush\"", "dataset.sources is \"https://host/a\"; expected a list")]
    public void A_right_does_not_belong_in_a_specification_and_is_not_shown(string field, string value, string beginning)
    {
        var error = Assert.Single(ErrorsWith(field, value));
        Assert.StartsWith(beginning, error.Message);
        Assert.DoesNotContain("hush", error.Message);
    }

    [Fact]
    public void Everything_that_is_wrong_is_said_at_once()
    {
        var error = Assert.Throws<InvalidInputException>(() => Parse("""{ "nam": 1, "teacher": { "path": "x" }, "training": { "epochs": 0, "epochs": 1 } }"""));
        Assert.Equal(["/nam", "/training/epochs", "/training/epochs", "/name", "/dataset"], error.Errors.Select(one => one.Pointer));
        Assert.Equal("spec.json: nam is not a field of the specification; did you mean name?", error.Message.Split('\n')[0]);
        Assert.Contains("\nspec.json: training.epochs stands twice; expected once\n", error.Message);
    }

    [Fact]
    public void Text_that_is_not_JSON_is_named_with_its_line() =>
        Assert.StartsWith("spec.json: line 2 is not JSON: ", Assert.Throws<InvalidInputException>(() => Parse("{ \"name\":\n oops }")).Message);

    [Fact]
    public void A_text_that_is_not_Unicode_is_refused() =>
        Assert.StartsWith("spec.json: a text in it is not Unicode",
            Assert.Throws<InvalidInputException>(() => Parse(Least.Replace("tales", @"\ud800"))).Message);

    [Fact]
    public void Damaged_text_is_read_or_refused_and_nothing_else() =>
        Gen.Select(Gen.Int[0, Least.Length - 1], Gen.Int[0, 10], Gen.Int[0, Damages.Length - 1]).Each(
            (at, removed, damage) =>
            {
                try
                {
                    Assert.NotEmpty(Parse(Least.Remove(at, Math.Min(removed, Least.Length - at)).Insert(at, Damages[damage])).Name);
                }
                catch (InvalidInputException refused)
                {
                    Assert.StartsWith("spec.json: ", refused.Message);
                }
            });

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Equal("/no/spec.json: there is no such file; expected a run specification",
            Assert.Throws<InvalidInputException>(() => RunSpecReader.Read("/no/spec.json")).Message);

    private static RunSpec Parse(string json) => RunSpecReader.Parse(json, "spec.json", "/specs");

    private static IReadOnlyList<FieldError> ErrorsWith(string field, string value)
    {
        var root = JsonNode.Parse(Least)!;
        var names = field.Split('.');
        var parent = names[..^1].Aggregate(root, (node, name) => node[name] ??= new JsonObject());
        parent[names[^1]] = JsonNode.Parse(value);
        return Assert.Throws<InvalidInputException>(() => Parse(root.ToJsonString())).Errors;
    }
}
