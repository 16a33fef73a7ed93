using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Reading;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Core.Tests.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Tests.Runs.Planning;

/// <summary>What can be planned if the hub does not answer, and what cannot.</summary>
public sealed class UnreachedHubTests : PlanningFixture
{
    [Fact]
    public async Task Without_the_hub_the_papers_run_can_be_planned_and_not_run()
    {
        var spec = RunSpecReader.Read(Path.Combine(AppContext.BaseDirectory, "samples", "paper.json"));
        var plan = await new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel);

        Assert.Equal((85_134_408, 551_881_800), (plan.TrainableParameters.Value, plan.TotalParameters.Value));
        Assert.Equal((1_000_000, 125_000, 1_250_000), (plan.Rows.Value, plan.StepsPerEpoch.Value, plan.Steps.Value));
        Assert.Equal(31, plan.Shards.Count);
        Assert.Equal(512_000_000, plan.Shards.Sum(shard => shard.EstimatedTokens));
        Assert.Equal("the table of known teachers, for planning only", plan.Teacher.From);
        var error = Assert.Throws<InvalidInputException>(plan.RequireRunnable);
        Assert.Equal(["/teacher/path", "/dataset/sources"], error.Errors.Select(one => one.Pointer));
        Assert.Contains("http://127.0.0.1:1/api/models/Qwen/Qwen2.5-1.5B/revision/main does not answer as it should", error.Message);
    }

    [Fact]
    public async Task Sources_that_are_not_reached_cannot_be_planned_without_maxTokens()
    {
        var spec = Spec() with { Dataset = new DatasetSpec { Sources = ["hf://somebody/text"], ContextLength = 64 } };
        var error = await Assert.ThrowsAsync<RemoteException>(() => new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel));
        Assert.Contains("/api/datasets/somebody/text/revision/main", error.Message);
    }

    [Fact]
    public async Task A_teacher_that_is_not_reached_and_not_known_cannot_be_planned()
    {
        var spec = Spec() with { Teacher = new TeacherSpec { Path = "hf://somebody/model" } };
        var error = await Assert.ThrowsAsync<RemoteException>(() => new RunPlanner(TimeProvider.System, Unreachable).PlanAsync(spec, Cancel));
        Assert.Contains("/api/models/somebody/model/revision/main", error.Message);
    }

    private SourceCatalog Unreachable => HubFixture.Catalog(
        new HubClient(new HubOptions { Endpoint = new Uri("http://127.0.0.1:1"), Cache = Folder.Path, Retries = new RetryOptions { Tries = 1 } },
            TimeProvider.System, NullLogger.Instance));
}
