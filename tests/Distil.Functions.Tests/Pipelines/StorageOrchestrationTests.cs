using System.Globalization;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Functions.Pipelines;
using Distil.Functions.Tests.BackEnds;
using Microsoft.DurableTask.Client;

namespace Distil.Functions.Tests.Pipelines;

/// <summary>Whole runs over Durable's default back end: the limits of queues and tables, and workers that come and go.</summary>
/// <remarks><c>DISTIL_SHARDS=1000</c> runs so many shards instead of 8; above 400, ranges of them.</remarks>
public sealed class StorageOrchestrationTests(StorageBackEnd storage)
{
    private const string LongestRun = "2026-11-30-235959-a-name-of-forty-characters-as-long-as-it-0a1b2c";

    private static int Shards => int.TryParse(Environment.GetEnvironmentVariable("DISTIL_SHARDS"), CultureInfo.InvariantCulture, out var shards) ? shards : 8;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_run_with_the_longest_name_and_second_tries_ends_and_is_forgotten_whole()
    {
        await using var durable = await DurableHost.StartAsync(await storage.NewHubAsync());
        durable.Jobs.Failures["teach-00001"] = new JobFailure(FailureClass.Preempted, "taken away");
        durable.Jobs.Failures["train-001"] = new JobFailure(FailureClass.Transient, new string('m', 100_000), new string('d', 100_000));
        await durable.ScheduleAsync(LongestRun);
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync(LongestRun)).State);
        Assert.Equal(["teach-00001-try-2", "train-001-try-2"], durable.Jobs.Started.Where(job => job.EndsWith("-try-2", StringComparison.Ordinal)));

        var parts = await PartsAsync(durable);
        Assert.Contains(InstanceId.Of(LongestRun, "teach-00001"), parts);
        Assert.All(parts, id => Assert.InRange(id.Length, 1, InstanceId.MaxLength));
        await durable.RunHost.ForgetAsync(LongestRun, Cancel);
        Assert.Empty(await PartsAsync(durable));
    }

    [Fact]
    public async Task After_a_killed_worker_another_goes_on_and_knows_that_the_job_may_be_started()
    {
        await using var durable = await DurableHost.StartAsync(await storage.NewHubAsync(takesOver: true));
        var killed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        durable.Jobs.OnStart = job =>
        {
            // The job is started, and nobody learns of it.
            if (job == "train-001" && !killed.Task.IsCompleted)
            {
                ((StorageEngine)durable.Engine).Wire.Cut();
                killed.SetResult();
            }
        };
        await durable.ScheduleAsync("run");
        await killed.Task;
        await durable.Engine.RestartAsync();
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
        Assert.Equal(
            ["prepare-00000", "prepare-00001", "teach-00000", "teach-00001", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"],
            durable.Jobs.Started.Distinct());
        Assert.Equal([true, false], durable.Jobs.Started.Zip(durable.Jobs.First).Where(start => start.First == "train-001").Select(start => start.Second));
    }

    [Fact]
    public async Task A_run_of_many_shards_does_each_once()
    {
        await using var durable = await DurableHost.StartAsync(await storage.NewHubAsync());
        await durable.ScheduleAsync("run", Shards, spec => spec with { Compute = new ComputeSpec { TeachParallelism = 8 } });
        Assert.Equal(RunState.Succeeded, (await durable.EndAsync("run")).State);
        foreach (var stage in new[] { "prepare", "teach" })
        {
            Assert.Equal(
                Enumerable.Range(0, Shards).Select(shard => $"{stage}-{shard:00000}"), durable.Jobs.Started.Where(job => job.StartsWith(stage, StringComparison.Ordinal)).Order());
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{Shards} shards: {((StorageEngine)durable.Engine).Wire.Requests} storage requests");
    }

    private static async Task<List<string>> PartsAsync(DurableHost durable)
    {
        var ids = new List<string>();
        await foreach (var part in durable.Client.GetAllInstancesAsync(new OrchestrationQuery { InstanceIdPrefix = LongestRun }).WithCancellation(Cancel))
        {
            ids.Add(part.InstanceId);
        }

        return ids;
    }
}
