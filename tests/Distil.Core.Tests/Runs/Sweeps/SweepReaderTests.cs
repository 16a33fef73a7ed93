using System.Reflection;
using Distil.Core.Errors;
using Distil.Core.Runs.Reading;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Runs.Sweeps;

public sealed class SweepReaderTests
{
    [Fact]
    public void Each_combination_makes_a_run_whose_name_says_what_differs()
    {
        var sweep = Parse(""" "student": { "blocks": [2, 4] }, "training": { "learningRate": [1e-3, 0.002] } """)!;
        Assert.Equal(["student.blocks", "training.learningRate"], sweep.Axes.Select(axis => axis.Path));
        Assert.Equal(
            [("tales-blocks-2-learning-rate-1e-3", 2, 1e-3), ("tales-blocks-2-learning-rate-0-002", 2, 2e-3),
             ("tales-blocks-4-learning-rate-1e-3", 4, 1e-3), ("tales-blocks-4-learning-rate-0-002", 4, 2e-3)],
            sweep.Points.Select(point => (point.Spec.Name, point.Spec.Student.Blocks, point.Spec.Training.LearningRate)));
        Assert.Equal(["4", "0.002"], sweep.Points[3].Values.Select(value => value.GetRawText()));
    }

    [Fact]
    public void A_list_is_the_value_of_a_list_and_a_list_of_lists_is_swept()
    {
        Assert.Null(Parse(""" "student": { "slstmAt": [0, 2] }, "evaluation": { "decodeContexts": [], "tasks": [{ "name": "t", "path": "p" }] } """));
        var sweep = Parse(""" "student": { "slstmAt": [[0, 2], []] } """)!;
        Assert.Equal([[0, 2], []], sweep.Points.Select(point => point.Spec.Student.SlstmAt!));
        Assert.Equal(["tales-slstm-at-1", "tales-slstm-at-2"], sweep.Points.Select(point => point.Spec.Name));
    }

    [Fact]
    public void Objects_choices_and_nothing_can_be_swept()
    {
        var sweep = Parse("""
            "distillation": { "alignment": [{ "kind": "none" }, { "kind": "cosine", "weight": 0.2 }] },
            "teacher": { "path": "t", "mode": ["offline", "online"] },
            "student": { "heads": [null, 4] }
            """)!;
        Assert.Equal(8, sweep.Points.Count);
        Assert.Equal(4, sweep.Points.Count(point => point.Spec.Distillation.Alignment.Kind == AlignmentKind.Cosine));
        Assert.Equal(4, sweep.Points.Count(point => point.Spec.Student.Heads is null));
        Assert.Contains("tales-a-1-m-offline-h-none", sweep.Points.Select(point => point.Spec.Name));
    }

    [Fact]
    public void Names_too_long_become_initials_and_then_numbers()
    {
        var initials = Parse(""" "training": { "gradientAccumulation": [1, 2], "checkpointEverySteps": [100, 200], "batchSize": [4, 8] } """)!;
        Assert.Equal("tales-ga-1-ces-100-bs-4", initials.Points[0].Spec.Name);
        var numbers = Parse(""" "evaluation": { "maxRows": [100000000, 1], "sampleTokens": [100000000, 1] }, "seed": [123456789, 123456780] """)!;
        Assert.Equal(["tales-1", "tales-2", "tales-8"], [numbers.Points[0].Spec.Name, numbers.Points[1].Spec.Name, numbers.Points[^1].Spec.Name]);
    }

    [Fact]
    public void Fields_of_the_same_name_keep_their_parents()
    {
        var sweep = Parse(""" "distillation": { "alpha": { "from": [0.8, 0.7], "to": 0.5 }, "temperature": { "from": [2, 3], "to": 1 } } """)!;
        Assert.Equal("tales-alpha-from-0-8-temperature-from-2", sweep.Points[0].Spec.Name);
    }

    [Theory]
    [InlineData(""" "training": { "epochs": [1, 0] } """, "sweep.json (training.epochs 0): training.epochs is 0; expected ≥ 1")]
    [InlineData(""" "training": { "epochs": [1, "x"] } """, "sweep.json (training.epochs \"x\"): training.epochs is \"x\"; expected a whole number")]
    [InlineData(
        """ "training": { "epochs": [] } """,
        "sweep.json: training.epochs is an empty list; expected a value, or a list of values to make a run of each")]
    [InlineData(""" "training": [1] """, "sweep.json (training 1): training is 1; expected an object")]
    [InlineData(""" "seed": [1, 2], "nam": 1 """, "sweep.json (seed 1): nam is not a field of the specification; did you mean name?")]
    public void A_run_that_is_none_is_named_with_its_values(string fields, string message) =>
        Assert.Equal(message, Assert.Throws<InvalidInputException>(() => Parse(fields)).Message.Split('\n')[0]);

    [Fact]
    public void A_list_of_names_is_refused() => Assert.StartsWith(
        "sweep.json: name is a list; expected one text",
        Assert.Throws<InvalidInputException>(() => SweepReader.TryParse("""{ "name": ["a", "b"], "seed": [1, 2] }""", "sweep.json", "/specs")).Message);

    [Fact]
    public void Too_many_runs_are_a_mistake() => Assert.Contains(
        "make 1000 runs (10 × 100)",
        Assert.Throws<InvalidInputException>(() => Parse($""" "seed": [{List(10)}], "training": {"{"} "batchSize": [{List(100)}] {"}"} """)).Message);

    [Theory]
    [InlineData("not JSON")]
    [InlineData("[1]")]
    [InlineData("""{ "name": "tales" }""")]
    public void What_is_no_sweep_is_left_to_the_reader_of_runs(string json) => Assert.Null(SweepReader.TryParse(json, "sweep.json", "/specs"));

    [Fact]
    public void No_field_is_a_list_of_lists_so_that_a_list_of_lists_means_a_sweep()
    {
        var elements = Records(typeof(RunSpec)).SelectMany(record => record.GetProperties()).Select(field => FieldChecker.ElementOf(field.PropertyType));
        Assert.All(elements.OfType<Type>(), element => Assert.Null(FieldChecker.ElementOf(element)));
    }

    private static IEnumerable<Type> Records(Type record) => record.GetProperties(BindingFlags.Public | BindingFlags.Instance)
        .Select(field => FieldChecker.ElementOf(field.PropertyType) ?? field.PropertyType)
        .Where(type => type is { IsClass: true, Namespace: "Distil.Core.Runs.Specification" })
        .SelectMany(Records).Append(record);

    private static string List(int count) => string.Join(", ", Enumerable.Range(1, count));

    private static Sweep? Parse(string fields)
    {
        var teacher = fields.Contains("\"teacher\"") ? "" : """ "teacher": { "path": "teacher" },""";
        return SweepReader.TryParse($$"""{ "name": "tales",{{teacher}} "dataset": { "sources": ["text"] }, {{fields}}, /* why */ }""", "sweep.json", "/specs");
    }
}
