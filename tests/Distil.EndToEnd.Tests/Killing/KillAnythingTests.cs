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
    /// <summary>A kill comes some time after its blob is seen, or that of a later moment: checkpoints are pruned, and a slow look may miss one.</summary>
    private static readonly (string Stage, Func<RunPlan, string> Blob, int Kills)[] Moments =
    [
        ("prepare", plan => ArtifactLayout.JobRequest(plan.RunId, "prepare-00000"), 2),
        ("prepare", plan => ArtifactLayout.JobRequest(plan.RunId, "prepare-00001"), 1),
        ("teach", plan => ArtifactLayout.JobRequest(plan.RunId, "teach-00000"), 2),
        ("teach", plan => ArtifactLayout.JobRequest(plan.RunId, "teach-00001"), 2),
        ("train", plan => ArtifactLayout.JobRequest(plan.RunId, "train-001"), 2),
        ("train", plan => Checkpoint(plan, epoch: 0, step: 5), 2),
        ("train", plan => Checkpoint(plan, epoch: 0, step: 15), 2),
        ("evaluate", plan => ArtifactLayout.JobRequest(plan.RunId, "evaluate-001"), 3),
        ("train", plan => Checkpoint(plan, epoch: 1, step: 10), 2),
        ("evaluate", plan => ArtifactLayout.JobRequest(plan.RunId, "evaluate-002"), 1),
        ("export", plan => ArtifactLayout.JobRequest(plan.RunId, "export"), 3),
    ];

    public static TheoryData<int> Seeds =>
        [.. Enumerable.Range(1, int.TryParse(Environment.GetEnvironmentVariable("DISTIL_SOAK"), CultureInfo.InvariantCulture, out var rounds) ? rounds : 1)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_run_whose_processes_are_killed_again_and_again_ends_in_the_same_model(int seed)
    {
        using var undisturbed = new DistilCommand();
        var expected = await ModelAsync((await undisturbed.RunAsync("run", Spec(undisturbed), "--json")).Succeeded().LastLine);

        using var distil = new DistilCommand();
        var random = new Random(seed);
        await using var run = await DisturbedRun.StartAsync(distil, Spec(distil), Cancel);
        var kills = await DisturbAsync(distil, run, random);
        await run.EndAsync(Cancel);
        TestContext.Current.TestOutputHelper?.WriteLine($"{kills.Count} kills: {string.Join(", ", kills)}\n{run.Log}");

        Assert.True(kills.Count >= 20, string.Join(", ", kills));
        Assert.Equal(["evaluate", "export", "prepare", "teach", "train"], kills.Select(kill => kill.Stage).Distinct().Order());
        Assert.Equal(expected, await ModelAsync(run.Log.Split('\n').Last(line => line.StartsWith('{'))));
        await using var storage = await LocalStorage.OpenAsync(distil.Workspace, port: null, connectionString: null, NullLogger.Instance, Cancel);
        await EveryStepIsLoggedOnceAsync(storage.Store, run.RunId);
        Assert.Equal(RunState.Succeeded, (await new RunFolder(storage.Store).TryReadStatusAsync(run.RunId, Cancel))!.State);
    }

    private static async Task<List<(string Stage, Victim Victim)>> DisturbAsync(DistilCommand distil, DisturbedRun run, Random random)
    {
        var plan = await PlanAsync(distil, run);
        var kills = new List<(string, Victim)>();
        for (var moment = 0; moment < Moments.Length; moment++)
        {
            var (stage, _, times) = Moments[moment];
            for (var i = 0; i < times; i++)
            {
                while (!await HasComeAsync(run, plan, moment))
                {
                    await Task.Delay(20, Cancel);
                }

                if (run.HasEnded)
                {
                    return kills;
                }

                await Task.Delay(random.Next(400), Cancel);
                var victim = (Victim)((kills.Count + random.Next(2)) % 3);
                await run.KillAsync(victim, Cancel);
                kills.Add((stage, victim));
            }
        }

        return kills;
    }

    private static async Task<bool> HasComeAsync(DisturbedRun run, RunPlan plan, int moment)
    {
        foreach (var (_, blobOf, _) in Moments.Skip(moment).Take(3))
        {
            if (run.HasEnded || await run.HasAsync(blobOf(plan), Cancel))
            {
                return true;
            }
        }

        return false;
    }

    private static async Task<RunPlan> PlanAsync(DistilCommand distil, DisturbedRun run)
    {
        while (!await run.HasAsync(ArtifactLayout.Plan(run.RunId), Cancel))
        {
            await Task.Delay(20, Cancel);
        }

        var azurite = (await new AzuriteFiles(distil.Workspace).ReadAsync(Cancel))!;
        return await new RunFolder(await ArtifactStore.OpenAsync(azurite.ConnectionString, cancel: Cancel)).ReadPlanAsync(run.RunId, Cancel);
    }

    private static async Task EveryStepIsLoggedOnceAsync(ArtifactStore store, string runId)
    {
        var metrics = await store.TryReadTextAsync(ArtifactLayout.Metrics(runId, StudentVariant.Distilled), Cancel);
        var steps = metrics!.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => JsonDocument.Parse(line).RootElement.GetProperty("globalStep").GetInt32()).ToList();
        Assert.Equal(Enumerable.Range(0, steps.Count), steps);
        Assert.True(steps.Count > 30);
    }

    private static string Checkpoint(RunPlan plan, int epoch, long step) =>
        ArtifactLayout.Checkpoint(plan.RunId, StudentVariant.Distilled, epoch, step, ArtifactLayout.ManifestFile);

    private static string Spec(DistilCommand distil) => SmallDemo.Write(distil.Workspace.Home, json =>
    {
        json["dataset"]!["maxTokens"] = 6000;
        json["dataset"]!["shardTokens"] = 3000;
        json["evaluation"]!["baseline"] = false;
    });

    private static Task<byte[]> ModelAsync(string result) => File.ReadAllBytesAsync(
        Path.Combine(JsonDocument.Parse(result).RootElement.GetProperty("model").GetString()!, "model.safetensors"), Cancel);
}
