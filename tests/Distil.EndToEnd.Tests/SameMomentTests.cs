using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests;

/// <summary>Whole runs of one specification that start together, each in its own process.</summary>
public sealed class SameMomentTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Three_runs_that_start_at_once_make_each_artifact_once_and_end_in_the_same_model()
    {
        using var distil = new DistilCommand();
        var spec = SmallDemo.WriteTiny(distil.Workspace.Home);

        var ended = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => distil.RunAsync("run", spec, "--json")));

        var runs = ended.Select(run => JsonDocument.Parse(run.Succeeded().LastLine).RootElement).ToArray();
        var models = runs.Select(run => File.ReadAllBytes(Path.Combine(run.GetProperty("model").GetString()!, "model.safetensors"))).ToArray();
        Assert.All(models, model => Assert.Equal(models[0], model));
        await EachShardWasMadeOnceAsync(distil, [.. runs.Select(run => run.GetProperty("runId").GetString()!)]);
    }

    /// <summary>A job that finds its shard made, or waits for another to make it, never reports the making.</summary>
    private static async Task EachShardWasMadeOnceAsync(DistilCommand distil, IReadOnlyList<string> runs)
    {
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel);
        var plan = await new RunFolder(storage.Store).ReadPlanAsync(runs[0], Cancel);
        Assert.True(plan.Shards.Count >= 2, $"{plan.Shards.Count} shards");
        foreach (var stage in new[] { "prepare", "teach" })
        {
            for (var shard = 0; shard < plan.Shards.Count; shard++)
            {
                var reports = await Task.WhenAll(runs.Select(run =>
                    storage.Store.TryReadJsonAsync<JobProgress>(ArtifactLayout.JobProgress(run, $"{stage}-{shard:00000}"), Cancel)));
                Assert.Single(reports, report => report?.Stage == stage);
            }
        }
    }
}
