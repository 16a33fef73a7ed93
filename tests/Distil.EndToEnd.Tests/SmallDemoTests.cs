using System.Text.Json;
using System.Text.Json.Nodes;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests;

/// <summary>The whole pipeline as users have it: the command, its Azurite, its trainer processes.</summary>
public sealed class SmallDemoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Ends_with_a_model_a_report_and_numbers_a_second_run_reuses_what_the_first_prepared_and_the_merge_of_both_is_that_student()
    {
        using var distil = new DistilCommand();
        await using var storage = await distil.KeepStorageAsync();
        var spec = SmallDemo.Write(distil.Workspace.Home, json => (json["dataset"]!["maxTokens"], json["dataset"]!["shardTokens"]) = (6000, 3000));

        var first = await RunAsync(distil, spec);
        Assert.Contains("<html", await File.ReadAllTextAsync(first.Report, Cancel), StringComparison.OrdinalIgnoreCase);
        Assert.All(new[] { "config.json", "model.safetensors", "tokenizer.json" }, file => Assert.True(File.Exists(Path.Combine(first.Model, file)), file));
        Assert.All([first.Student, first.Teacher, first.WithoutTeacher], perplexity => Assert.InRange(perplexity, 1.01, 1e5));

        Assert.Equal(first.Report, (await distil.RunAsync("report", first.RunId)).Succeeded().LastLine);
        Assert.Contains("succeeded", (await distil.RunAsync("status", first.RunId)).Succeeded().Output, StringComparison.Ordinal);
        (await distil.RunAsync("cancel", first.RunId)).IsBadInput(first.RunId, "has ended");
        Assert.NotEmpty((await distil.RunAsync("generate", "--model", first.Model, "--prompt", "Mira went to", "--tokens", "5")).Succeeded().Output.Trim());

        var second = await RunAsync(distil, spec);
        var runs = JsonDocument.Parse((await distil.RunAsync("runs", "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal([second.RunId, first.RunId], runs.EnumerateArray().Select(run => run.GetProperty("runId").GetString()!));

        var jobs = await JobsAsync(distil, second.RunId);
        Assert.DoesNotContain(jobs, job => job.StartsWith("prepare", StringComparison.Ordinal) || job.StartsWith("teach", StringComparison.Ordinal));
        Assert.Contains("train-002", jobs);
        Assert.Equal(await WeightsAsync(first), await WeightsAsync(second));

        var merge = SmallDemo.Write(distil.Workspace.Home, json => Merge(json, first.RunId, second.RunId));
        var planned = (await distil.RunAsync("run", merge, "--plan-only")).Succeeded().Output;
        Assert.Contains($"merges: 50.0 % of {first.RunId} after epoch 2", planned, StringComparison.Ordinal);
        var merged = await RunAsync(distil, merge);
        Assert.Equal(["evaluate-001", "export", "merge"], await JobsAsync(distil, merged.RunId));
        Assert.Equal(await WeightsAsync(first), await WeightsAsync(merged));
        Assert.Equal(first.Student, merged.Student);
        (await distil.RunAsync("run", SmallDemo.Write(distil.Workspace.Home, json => Merge(json, first.RunId, "no-run")))).IsBadInput("merge.experts[1].run", "no run");
    }

    private static void Merge(JsonNode spec, params string[] runs)
    {
        (spec["dataset"]!["maxTokens"], spec["dataset"]!["shardTokens"]) = (6000, 3000);
        spec["training"] = new JsonObject { ["batchSize"] = 4 };
        spec["evaluation"]!["baseline"] = false;
        spec["merge"] = new JsonObject { ["experts"] = new JsonArray([.. runs.Select(run => new JsonObject { ["run"] = run })]) };
    }

    [Fact]
    public async Task A_trainer_that_is_killed_while_it_trains_goes_on_from_its_checkpoint_to_the_same_weights()
    {
        using var distil = new DistilCommand();
        await using var storage = await distil.KeepStorageAsync();
        var trainers = new HeldTrainer(distil);
        var spec = SmallDemo.WriteTiny(distil.Workspace.Home);
        var undisturbed = await RunAsync(distil, spec);

        // Its host is not told that the job is done, so that the kill cannot come too late.
        await trainers.HoldAsync("trained", "done */jobs/train-001/request.json");
        using var process = distil.Start("run", spec, "--json");
        var ended = DistilCommand.EndAsync(process);
        var (_, trainer) = await TrainingAsync(distil, process.Id, undisturbed.RunId);
        Killing.RunningProcesses.Kill(trainer);
        trainers.Release("trained");
        var disturbed = Outcome.Parse((await ended).Succeeded().LastLine);

        var status = JsonDocument.Parse((await distil.RunAsync("status", disturbed.RunId, "--json")).Succeeded().LastLine).RootElement;
        Assert.Equal(1, status.GetProperty("retries").GetInt32());
        Assert.Equal(await WeightsAsync(undisturbed), await WeightsAsync(disturbed));
    }

    [Fact]
    public async Task A_cancelled_run_stops_its_trainer_and_says_so()
    {
        using var distil = new DistilCommand();
        await using var storage = await distil.KeepStorageAsync();
        var spec = SmallDemo.WriteTiny(distil.Workspace.Home, json => json["training"]!["epochs"] = 500);
        using var process = distil.Start("run", spec, "--json");
        var ended = DistilCommand.EndAsync(process);
        var (runId, trainer) = await TrainingAsync(distil, process.Id, notThis: "");

        (await distil.RunAsync("cancel", runId)).Succeeded();

        var result = await ended;
        Assert.Equal(1, result.ExitCode);
        Assert.Contains($"error: {runId} was cancelled", result.Error, StringComparison.Ordinal);
        Assert.False(Distil.Core.ProcessTable.IsAlive(trainer));
        Assert.Contains("cancelled", (await distil.RunAsync("status", runId)).Succeeded().Output, StringComparison.Ordinal);
    }

    private static async Task<Outcome> RunAsync(DistilCommand distil, string spec) =>
        Outcome.Parse((await distil.RunAsync("run", spec, "--json")).Succeeded().LastLine);

    private static Task<byte[]> WeightsAsync(Outcome run) => File.ReadAllBytesAsync(Path.Combine(run.Model, "model.safetensors"), Cancel);

    private static async Task<IReadOnlyList<string>> JobsAsync(DistilCommand distil, string runId)
    {
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel);
        var jobs = new SortedSet<string>();
        await foreach (var blob in storage.Store.ListAsync($"{ArtifactLayout.Run(runId)}jobs/", Cancel))
        {
            jobs.Add(blob.Name.Split('/')[3]);
        }

        return [.. jobs];
    }

    /// <summary>Waits until a run has written a checkpoint.</summary>
    private static async Task<(string RunId, int Trainer)> TrainingAsync(DistilCommand distil, int command, string notThis)
    {
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel);
        while (true)
        {
            await foreach (var blob in storage.Store.ListAsync(ArtifactLayout.Runs, Cancel))
            {
                var runId = blob.Name.Split('/')[1];
                if (runId != notThis && blob.Name.StartsWith(ArtifactLayout.Checkpoints(runId, StudentVariant.Distilled), StringComparison.Ordinal)
                    && blob.Name.EndsWith(ArtifactLayout.ManifestFile, StringComparison.Ordinal))
                {
                    return (runId, Killing.RunningProcesses.ChildrenOf(command).First());
                }
            }

            await Task.Delay(20, Cancel);
        }
    }

    private sealed record Outcome(string RunId, string Report, string Model, double Student, double Teacher, double WithoutTeacher)
    {
        public static Outcome Parse(string line)
        {
            var json = JsonDocument.Parse(line).RootElement;
            var perplexity = json.GetProperty("perplexity");
            return new Outcome(
                json.GetProperty("runId").GetString()!,
                json.GetProperty("report").GetString()!,
                json.GetProperty("model").GetString()!,
                perplexity.GetProperty("student").GetDouble(),
                perplexity.GetProperty("teacher").GetDouble(),
                perplexity.TryGetProperty("studentWithoutTeacher", out var without) ? without.GetDouble() : double.NaN);
        }
    }
}
