using System.Globalization;
using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests.Killing;

/// <summary>Nothing is lost by <c>kill -9</c>, of the host, of a trainer, of the storage server, in any stage: the model comes out byte for byte as
/// undisturbed.</summary>
/// <remarks><c>DISTIL_SOAK=20</c> does it with 20 seeds instead of one.</remarks>
public sealed class KillAnythingTests
{
    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.TryParse(Environment.GetEnvironmentVariable("DISTIL_SOAK"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 1)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_run_whose_processes_are_killed_again_and_again_ends_in_the_same_model(int seed)
    {
        var plan = KillPlan.Of(seed);
        using var undisturbed = new DistilCommand();
        var expected = undisturbed.RunAsync("run", Spec(undisturbed), "--json");

        using var distil = new DistilCommand();
        var trainers = new HeldTrainer(distil);
        foreach (var held in plan.Moments.OfType<HeldMoment>())
        {
            await trainers.HoldAsync(held.Name, held.Pattern);
        }

        await using var run = await DisturbedRun.StartAsync(distil, Spec(distil), Cancel);
        var kills = new List<(Moment Moment, Victim Victim)>();
        foreach (var moment in plan.Moments)
        {
            kills.AddRange(await DisturbAsync(run, trainers, moment));
        }

        await run.EndAsync(Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills.Count} kills: {string.Join(", ", kills)}\n{run.Log}");

        var everywhere = from stage in new[] { "prepare", "teach", "train", "evaluate", "export" } from victim in Enum.GetValues<Victim>() select (stage, victim);
        Assert.Equal(everywhere.Order(), kills.Select(kill => (kill.Moment.Stage, kill.Victim)).Distinct().Order());
        // What is missing was too late: its job was over before the checkpoint was seen.
        var planned = plan.Moments.SelectMany(moment => moment.Victims.Select(victim => (moment, victim)));
        Assert.All(planned.Except(kills), missed => Assert.True(missed.Item1 is CheckpointMoment, $"{missed}\n{run.Log}"));
        Assert.Equal(await ModelAsync((await expected).Succeeded().LastLine), await ModelAsync(run.Log.Split('\n').Last(line => line.StartsWith('{'))));
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel);
        await EveryStepIsLoggedOnceAsync(storage.Store, run.RunId);
        Assert.Equal(RunState.Succeeded, (await new RunFolder(storage.Store).TryReadStatusAsync(run.RunId, Cancel))!.State);
    }

    /// <summary>Kills each victim in its turn, each time when the moment has come (again).</summary>
    private static async Task<List<(Moment Moment, Victim Victim)>> DisturbAsync(DisturbedRun run, HeldTrainer trainers, Moment moment)
    {
        var kills = new List<(Moment, Victim)>();
        foreach (var victim in moment.Victims)
        {
            int? waiting = null;
            while (!await HasComeAsync())
            {
                Assert.False(run.HasEnded, $"{moment} never came\n{run.Log}");
                await Task.Delay(20, Cancel);
            }

            if (moment is CheckpointMoment late && await run.HasAsync(late.End(run.RunId), Cancel))
            {
                break;
            }

            await run.KillAsync(victim, waiting, Cancel);
            kills.Add((moment, victim));

            async Task<bool> HasComeAsync() => moment switch
            {
                HeldMoment held => (waiting = run.WaitingAt(trainers, held.Name)) is not null && await run.HasAsync(ArtifactLayout.Plan(run.RunId), Cancel),
                CheckpointMoment at => await run.HasAnyAsync([.. at.Blobs(run.RunId), at.End(run.RunId)], Cancel),
                _ => throw new System.Diagnostics.UnreachableException(),
            };
        }

        if (moment is HeldMoment done)
        {
            trainers.Release(done.Name);
        }

        return kills;
    }

    private static async Task EveryStepIsLoggedOnceAsync(ArtifactStore store, string runId)
    {
        var metrics = await store.TryReadTextAsync(ArtifactLayout.Metrics(runId, StudentVariant.Distilled), Cancel);
        var steps = metrics!.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("globalStep").GetInt32()).ToList();
        Assert.Equal(Enumerable.Range(0, steps.Count), steps);
        Assert.True(steps.Count > 30);
    }

    private static string Spec(DistilCommand distil) => SmallDemo.Write(distil.Workspace.Home, json =>
    {
        (json["dataset"]!["maxTokens"], json["dataset"]!["shardTokens"]) = (5000, 2500);
        json["training"]!["checkpointEverySteps"] = 4;
        json["evaluation"] = SmallDemo.HardlyAny();
    });

    private static Task<byte[]> ModelAsync(string result) => File.ReadAllBytesAsync(
        Path.Combine(JsonDocument.Parse(result).RootElement.GetProperty("model").GetString()!, "model.safetensors"), Cancel);
}
