using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;

namespace Distil.EndToEnd.Tests;

/// <summary>A specification whose values are lists, from the command to the comparison's page.</summary>
public sealed class SweepTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_combination_runs_over_one_dataset_and_the_runs_are_compared()
    {
        using var distil = new DistilCommand();
        var spec = SmallDemo.Write(distil.Workspace.Home, json =>
        {
            json["training"]!["epochs"] = 1;
            json["training"]!["learningRate"] = new JsonArray(2e-3, 1e-4);
            json["evaluation"] = JsonNode.Parse("""{ "maxRows": 8, "sampleTokens": 0, "decodeContexts": [16], "recall": { "lengths": [] } }""");
        });
        var planned = (await distil.RunAsync("run", spec, "--plan-only")).Succeeded().Output;
        Assert.Contains("2 runs over 1 datasets and 1 sets of teacher outputs", planned, StringComparison.Ordinal);

        var sweep = JsonDocument.Parse((await distil.RunAsync("run", spec, "--at-most", "2", "--json")).Succeeded().LastLine).RootElement;

        var runs = sweep.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("runId").GetString()!).ToArray();
        Assert.Equal(2, runs.Length);
        Assert.Contains("learning-rate-0-002", runs[0], StringComparison.Ordinal);
        Assert.Contains("<title>2 runs compared", await File.ReadAllTextAsync(sweep.GetProperty("comparison").GetString()!, Cancel), StringComparison.Ordinal);
        Assert.Equal(1, await MakersAsync(distil, runs));

        var sweepId = sweep.GetProperty("sweepId").GetString()!;
        var compared = JsonDocument.Parse((await distil.RunAsync("compare", sweepId, "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal(runs, compared.EnumerateArray().Select(run => run.GetProperty("runId").GetString()!));
        (await distil.RunAsync("compare", runs[0])).IsBadInput("1 run", "two or more");

        // A sweep that has ended is gone on with by comparing what there is.
        var again = JsonDocument.Parse((await distil.RunAsync("run", "--resume", sweepId, "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal(2, again.GetProperty("runs").GetArrayLength());
    }

    /// <summary>Runs that had prepare or teach jobs.</summary>
    private static async Task<int> MakersAsync(DistilCommand distil, IReadOnlyList<string> runs)
    {
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, Cancel);
        var makers = new HashSet<string>();
        foreach (var run in runs)
        {
            await foreach (var blob in storage.Store.ListAsync($"{ArtifactLayout.Run(run)}jobs/", Cancel))
            {
                if (blob.Contains("/prepare-", StringComparison.Ordinal) || blob.Contains("/teach-", StringComparison.Ordinal))
                    makers.Add(run);
            }
        }

        return makers.Count;
    }
}
