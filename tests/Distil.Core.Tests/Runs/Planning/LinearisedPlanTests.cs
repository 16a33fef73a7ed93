using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Models;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;
using Distil.Core.Tests.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>Plans of linearised students whose teachers are known but cannot be reached.</summary>
public sealed class LinearisedPlanTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("linearised-qwen2.5-0.5b.json", 494_032_768)] // the numbers of parameters that the models' cards give
    [InlineData("linearised-qwen2.5-1.5b.json", 1_543_714_304)]
    [InlineData("linearised-llama-3.2-1b.json", 1_235_814_400)]
    public async Task A_sample_can_be_planned_without_the_hub(string sample, long inherited)
    {
        var plan = await PlanAsync(RunSpecReader.Read(Path.Combine(AppContext.BaseDirectory, "samples", sample)));
        var numbers = LinearisedParameters.Of(plan.Linearised!);

        Assert.Equal((inherited, numbers.New), (plan.InheritedParameters!.Value, plan.NewParameters!.Value));
        Assert.Equal(inherited + numbers.New, plan.TotalParameters.Value);
        Assert.Equal(numbers.StateBytes(sizeof(float)), plan.StateBytes!.Value);
        Assert.Equal((512, 4), (plan.Linearised!.Window, plan.Linearised.Sinks));
        Assert.Null(plan.Student);
        Assert.Empty(plan.Warnings);
        Assert.Contains(plan.Figures, figure => figure.Name == "state of a text");
    }

    [Theory]
    [InlineData(508, 4, true)]
    [InlineData(507, 4, false)]
    [InlineData(0, 512, false)] // without a window there are no sinks
    public async Task A_window_that_covers_the_rows_is_warned_about(int window, int sinks, bool covers)
    {
        var warnings = (await PlanAsync(Spec(window, sinks))).Warnings;
        Assert.Equal(covers, warnings.Count == 1);
        Assert.All(warnings, warning => Assert.StartsWith("student.window 508 and student.sinks 4 cover dataset.contextLength 512:", warning));
    }

    private static RunSpec Spec(int window, int sinks) => new()
    {
        Name = "a",
        Teacher = new() { Path = "hf://Qwen/Qwen2.5-0.5B" },
        Dataset = new() { Sources = ["hf://datasets/o/text"], ContextLength = 512, MaxTokens = 100_000 },
        Student = new() { Kind = StudentKind.Linearised, Window = window, Sinks = sinks },
    };

    private Task<RunPlan> PlanAsync(RunSpec spec)
    {
        var nowhere = new HubOptions { Endpoint = new Uri("http://127.0.0.1:1"), Cache = _folder.Path, Retries = new RetryOptions { Tries = 1 } };
        var catalog = HubFixture.Catalog(new HubClient(nowhere, TimeProvider.System, NullLogger.Instance));
        return new RunPlanner(TimeProvider.System, catalog).PlanAsync(spec, TestContext.Current.CancellationToken);
    }
}
