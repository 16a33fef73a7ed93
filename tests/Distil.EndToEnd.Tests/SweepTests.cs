using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Runs;
using Distil.Core.Runs.Sweeps;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests;

/// <summary>A specification whose values are lists, from the command to the comparison's page.</summary>
public sealed class SweepTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_combination_runs_over_one_dataset_and_the_runs_are_compared()
    {
        using var distil = new DistilCommand();
        await using var kept = await distil.KeepStorageAsync();
        var spec = Write(distil, 2e-3, 1e-4);
        var planned = (await distil.RunAsync("run", spec, "--plan-only")).Succeeded().Output;
        Assert.Contains("2 runs over 1 datasets and 1 sets of teacher outputs", planned, StringComparison.Ordinal);

        var sweep = JsonDocument.Parse((await distil.RunAsync("run", spec, "--at-most", "2", "--json")).Succeeded().LastLine).RootElement;

        var runs = sweep.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("runId").GetString()!).ToArray();
        Assert.Equal(2, runs.Length);
        Assert.Contains("learning-rate-0-002", runs[0], StringComparison.Ordinal);
        Assert.Contains("<title>2 runs compared", await File.ReadAllTextAsync(sweep.GetProperty("comparison").GetString()!, Cancel), StringComparison.Ordinal);
        await using (var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel))
        {
            Assert.Single(await MakersAsync(storage.Store, runs));
        }

        var sweepId = sweep.GetProperty("sweepId").GetString()!;
        var compared = JsonDocument.Parse((await distil.RunAsync("compare", sweepId, "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal(runs, compared.EnumerateArray().Select(run => run.GetProperty("runId").GetString()!));
        (await distil.RunAsync("compare", runs[0])).IsBadInput("1 run", "two or more");

        // Resuming a sweep that has ended compares its runs.
        var again = JsonDocument.Parse((await distil.RunAsync("run", "--resume", sweepId, "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal(2, again.GetProperty("runs").GetArrayLength());
    }

    [Fact]
    public async Task A_sweep_that_was_killed_goes_on_and_does_nothing_anew()
    {
        using var distil = new DistilCommand();
        await using var storage = await distil.KeepStorageAsync();
        var trainer = new HeldTrainer(distil);
        const string HalfWay = "half-way";
        await trainer.HoldAsync(HalfWay, "given *-learning-rate-0-0*01-*/jobs/evaluate-*"); // of the run that is the second to begin
        using (var killed = distil.Start("run", Write(distil, 2e-3, 1e-3, 1e-4), "--at-most", "1"))
        {
            var ended = DistilCommand.EndAsync(killed);
            while (trainer.At(HalfWay).Count == 0)
            {
                Assert.False(ended.IsCompleted, ended.IsCompleted ? (await ended).ToString() : "");
                await Task.Delay(50, Cancel);
            }

            killed.Kill(entireProcessTree: true);
            await ended;
        }

        trainer.Release(HalfWay);
        var sweep = await OnlySweepAsync(storage.Store);
        var second = await SecondAsync(storage.Store, sweep);
        var (finished, begun) = (await FilesAsync(storage.Store, sweep.RunIds[0]), await FilesAsync(storage.Store, second));

        var resumed = (await distil.RunAsync("run", "--resume", sweep.SweepId, "--json")).Succeeded();

        var result = JsonDocument.Parse(resumed.LastLine).RootElement;
        Assert.Equal(sweep.RunIds, result.GetProperty("runs").EnumerateArray().Select(run => run.GetProperty("runId").GetString()!));
        Assert.Contains(
            "<title>3 runs compared", await File.ReadAllTextAsync(result.GetProperty("comparison").GetString()!, Cancel), StringComparison.Ordinal);
        Assert.Equal(finished, await FilesAsync(storage.Store, sweep.RunIds[0]));
        var jobs = begun.Keys.Where(IsResult).ToList();
        Assert.NotEmpty(jobs);
        var after = await FilesAsync(storage.Store, second);
        Assert.All(jobs, job => Assert.Equal(begun[job], after[job])); // the jobs that had ended did not run again
        Assert.Equal([sweep.RunIds[0]], await MakersAsync(storage.Store, sweep.RunIds));
    }

    private static async Task<SweepDocument> OnlySweepAsync(ArtifactStore store)
    {
        var sweeps = new List<string>();
        await foreach (var blob in store.ListAsync("sweeps/", Cancel))
        {
            sweeps.Add(blob.Name);
        }

        return await store.ReadJsonAsync<SweepDocument>(Assert.Single(sweeps), Cancel);
    }

    /// <summary>The run that began second: of the last two, the one that no longer waits. Either may take the place that the first leaves.</summary>
    private static async Task<string> SecondAsync(ArtifactStore store, SweepDocument sweep)
    {
        var waiting = new List<string>();
        foreach (var run in sweep.RunIds)
        {
            if ((await new RunFolder(store).FindStatusAsync(run, Cancel))!.State == RunState.Queued)
            {
                waiting.Add(run);
            }
        }

        return Assert.Single(sweep.RunIds.Skip(1).Except([Assert.Single(waiting)]));
    }

    private static bool IsResult(string blob) => blob.EndsWith("/result.json", StringComparison.Ordinal);

    /// <summary>A run's files and when they were last written.</summary>
    private static async Task<SortedDictionary<string, DateTimeOffset>> FilesAsync(ArtifactStore store, string run)
    {
        var files = new SortedDictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        await foreach (var file in store.ListAsync(ArtifactLayout.Run(run), Cancel))
        {
            files.Add(file.Name, file.ModifiedAt);
        }

        return files;
    }

    private static string Write(DistilCommand distil, params double[] learningRates) => SmallDemo.Write(distil.Workspace.Home, json =>
    {
        json["dataset"]!["sources"] = new JsonArray(SmallDemo.Text(distil.Workspace.Home, documents: 60));
        json["training"]!["epochs"] = 1;
        json["training"]!["learningRate"] = new JsonArray([.. learningRates.Select(rate => (JsonNode)rate)]);
        json["evaluation"] = JsonNode.Parse("""{ "maxRows": 8, "sampleTokens": 0, "decodeContexts": [16], "recall": { "lengths": [] } }""");
    });

    /// <summary>Runs that had prepare or teach jobs.</summary>
    private static async Task<IReadOnlyCollection<string>> MakersAsync(ArtifactStore store, IReadOnlyList<string> runs)
    {
        var makers = new HashSet<string>();
        foreach (var run in runs)
        {
            await foreach (var blob in store.ListAsync($"{ArtifactLayout.Run(run)}jobs/", Cancel))
            {
                if (blob.Name.Contains("/prepare-", StringComparison.Ordinal) || blob.Name.Contains("/teach-", StringComparison.Ordinal))
                {
                    makers.Add(run);
                }
            }
        }

        return makers;
    }
}
