using System.Globalization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;
using Distil.Trainer.Training.Rows;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Training on a disk that is too small for the data: the shards come and go, and nothing else changes.</summary>
public sealed class SmallDiskTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task The_checkpoints_are_those_of_a_disk_that_holds_all(int processes)
    {
        using var large = await TaughtAsync(processes);
        using var small = await TaughtAsync(processes);
        Shrink(small, shards: 2);
        foreach (var run in new[] { large, small })
        {
            run.ChangeMachine();
            SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001"));
            SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-002", epoch: 1));
        }

        Assert.True(small.Plan.Shards.Count > 4);
        Assert.Equal(2 * small.Plan.Shards.Count, Copies(large));
        Assert.Equal(0, Copies(small));
        AssertSame(large, small);
    }

    [Fact]
    public async Task A_shard_that_is_damaged_in_the_middle_of_the_epoch_is_named_and_the_training_goes_on_from_there()
    {
        using var undisturbed = await TaughtAsync();
        SmallRun.Succeeded(await undisturbed.DoAsync(JobKind.Train, "train-001"));

        using var run = await TaughtAsync();
        var damaged = LastShard(run);
        var blob = ArtifactLayout.TeacherOutputs(run.Plan.TeacherOutputsId, damaged);
        var whole = run[blob];
        run[blob] = [.. whole[..^1], (byte)(whole[^1] ^ 1)];
        Shrink(run, shards: 1);
        run.ChangeMachine();
        var failed = await run.DoAsync(JobKind.Train, "train-001");
        Assert.Equal((FailureClass.MissingInput, damaged), (failed.Failure!.Class, Assert.Single(failed.Missing!).Part));
        Assert.Contains(run.Blobs, each => each.Contains("/checkpoints/", StringComparison.Ordinal));

        SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, $"teach-{damaged}-again-1", damaged, rebuild: true));
        Assert.Equal(whole, run[blob]);
        var resumed = SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001-again-1"));
        var (all, here) = (resumed.Output!.Value.GetProperty("steps").GetInt64(), resumed.Output!.Value.GetProperty("stepsHere").GetInt64());
        Assert.InRange(here, 1, all / 2); // not from the beginning
        AssertSame(undisturbed, run);
    }

    [Fact]
    public async Task A_disk_with_room_for_nothing_takes_one_shard_at_a_time()
    {
        using var run = await TaughtAsync();
        run.JobDisk = "0.000001";
        run.ChangeMachine();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001"));
        Assert.Equal(0, Copies(run));
    }

    private static async Task<SmallRun> TaughtAsync(int processes = 1)
    {
        var run = new SmallRun(spec => spec with
        {
            Dataset = spec.Dataset with { ShardTokens = 300, MaxTokens = 1800 },
            Training = spec.Training with { BatchSize = 2, GradientAccumulation = 2 },
            Evaluation = new EvaluationSpec { Baseline = false },
            Compute = spec.Compute with { GpusPerWorker = processes },
        });
        await run.PrepareAndTeachAsync();
        return run;
    }

    // Room for some of the largest shards, beside what else a training job has on its disk.
    private static void Shrink(SmallRun run, int shards)
    {
        var largest = Enumerable.Range(0, run.Plan.Shards.Count).Max(shard =>
            run[ArtifactLayout.TrainTokens(run.Plan.DatasetId, shard)].Length + run[ArtifactLayout.TeacherOutputs(run.Plan.TeacherOutputsId, shard)].Length);
        var bytes = SpaceNeeded.BesideShards(run.Plan.TeacherLocation, SpaceNeeded.Checkpoint(run.Plan)) + (shards * largest) + 10;
        run.JobDisk = (bytes / 1e9).ToString("0.000000000", CultureInfo.InvariantCulture);
    }

    private static int LastShard(SmallRun run)
    {
        var rows = Enumerable.Range(0, run.Plan.Shards.Count).Select(shard => TrainRows(run, shard)).ToList();
        return new RowOrder(run.Spec.Seed, rows, run.Spec.Training.BatchSize, run.Spec.Training.GradientAccumulation).Shards(epoch: 0, firstStep: 0).Last();
    }

    private static long TrainRows(SmallRun run, int shard) =>
        run.Store.ReadJsonAsync<DatasetShard>(ArtifactLayout.DatasetShard(run.Plan.DatasetId, shard)).GetAwaiter().GetResult().Train?.Rows ?? 0;

    private static int Copies(SmallRun run) => Directory.Exists(Path.Combine(run.Cache, "artifacts"))
        ? Directory.GetFiles(Path.Combine(run.Cache, "artifacts"), "*.bin", SearchOption.AllDirectories).Length
        : 0;

    private static void AssertSame(SmallRun expected, SmallRun actual)
    {
        var blobs = expected.Blobs.Where(blob => blob.EndsWith(".safetensors", StringComparison.Ordinal)).ToList();
        Assert.NotEmpty(blobs);
        Assert.All(blobs, blob => Assert.True(
            expected[blob].SequenceEqual(actual[blob.Replace(expected.Plan.RunId, actual.Plan.RunId, StringComparison.Ordinal)]), $"{blob} differs"));
    }
}
