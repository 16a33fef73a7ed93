using System.Text;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Tests.Models;
using Distil.Fuzzing;

namespace Distil.Core.Tests.Runs.Reading;

/// <summary>Specifications of linearised students with arbitrary values: each is planned, or refused by its field.</summary>
public sealed class LinearisedSpecFuzzTests : IDisposable
{
    private const string Valid = """
        {
          "name": "fuzz", "teacher": {"path": "teacher"}, "dataset": {"sources": ["text.txt"], "contextLength": 8},
          "student": {
            "kind": "linearised", "window": 2, "sinks": 1, "featureMap": "both", "outputGate": true, "keepAttention": [0], "trainEmbedding": true,
            "gates": {"memory": 0.1, "forgetFrom": 3, "forgetTo": 6, "output": 4}
          },
          "training": {
            "stages": {
              "alignment": {"share": 0.1, "learningRate": 0.01, "memoryWeight": 0.5},
              "distillation": {"inheritedRate": 0.001, "newRate": 0.003, "endRate": 0.1, "windowDropout": 0.5}
            }
          }
        }
        """;

    private readonly TemporaryFolder _folder = new();

    // Not in the folder of temporary files itself: inputs name "..", where other tests write and delete files.
    private string Specifications => Path.Combine(_folder.Path, "in", "here");

    public LinearisedSpecFuzzTests()
    {
        TinyTeacher.Write(Path.Combine(Specifications, "teacher"));
        File.WriteAllText(Path.Combine(Specifications, "text.txt"), "Once upon a time.\n");
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void An_undamaged_specification_is_planned() => Assert.NotNull(Plan(Valid).Linearised);

    [Theory]
    [InlineData("\"window\": 2", "\"window\": 2147483647", "student.window is 2147483647; expected")]
    [InlineData("\"sinks\": 1", "\"sinks\": 1048577", "student.sinks is 1048577; expected")]
    public void A_window_for_which_no_memory_suffices_is_refused(string valid, string changed, string expected) =>
        Assert.Contains(expected, Assert.Throws<InvalidInputException>(() => Plan(Valid.Replace(valid, changed, StringComparison.Ordinal))).Message);

    [Fact]
    public Task Changed_values() =>
        Hostile.EndsInAsync<InvalidInputException>(Mutations.OfJson(Valid), bytes => Require(Plan(Encoding.UTF8.GetString(bytes))), iterations: 300);

    private static void Require(RunPlan plan)
    {
        if (plan.Linearised is { } student)
        {
            Assert.InRange(student.ReplacedLayers, 1, 2);
            Assert.All(student.KeepAttention, layer => Assert.InRange(layer, 0, 1));
        }
    }

    private RunPlan Plan(string text) =>
        new RunPlanner(TimeProvider.System, SourceCatalog.Create(new SourceSettings(), TimeProvider.System))
            .PlanAsync(RunSpecReader.Parse(text, "spec.json", Specifications)).GetAwaiter().GetResult();
}
