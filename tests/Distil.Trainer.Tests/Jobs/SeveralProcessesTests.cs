using System.Diagnostics;
using System.Globalization;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Specification;
using Distil.Inference.Randomness;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>Jobs that several processes compute together, here on the CPU.</summary>
/// <remarks><c>DISTIL_SOAK=20</c> kills processes with 20 seeds instead of one.</remarks>
/// <param name="one">What one process makes.</param>
public sealed class SeveralProcessesTests(OneProcess one) : IClassFixture<OneProcess>
{
    private const int MaxTries = 12;

    private static int Seeds => int.TryParse(Environment.GetEnvironmentVariable("DISTIL_SOAK"), CultureInfo.InvariantCulture, out var seeds) ? seeds : 1;

    [Fact]
    public async Task All_jobs_give_the_same_bytes_as_in_one_process()
    {
        using var together = Small(processes: 2);
        await together.PrepareAndTeachAsync();
        SmallRun.Succeeded(await together.DoAsync(JobKind.Train, "train"));
        SmallRun.Succeeded(await together.DoAsync(JobKind.Evaluate, "evaluate"));

        Assert.Single(together.Pool.ProcessIds); // one for all jobs
        AssertSame(Artifacts(one.Run), Artifacts(together));
        Assert.Equal(Losses(one.Run), Losses(together));
    }

    [Theory]
    [InlineData(2, false)]
    [InlineData(2, true)]
    [InlineData(3, true)]
    public async Task A_linearised_student_trains_to_the_same_bytes_as_in_one_process(int processes, bool sharded)
    {
        using var alone = Small(processes: 1, StudentKind.Linearised, micro: processes);
        using var together = Small(processes, StudentKind.Linearised, sharded: sharded, micro: processes);
        foreach (var run in new[] { alone, together })
        {
            await run.PrepareAndTeachAsync();
            SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train"));
        }

        AssertSame(Artifacts(alone), Artifacts(together));
    }

    [Fact]
    public async Task Steps_that_end_a_shard_are_divided_too_and_equal_one_process_but_for_rounding()
    {
        using var alone = Small(processes: 1, shardTokens: 1200);
        using var together = Small(processes: 2, shardTokens: 1200);
        foreach (var run in new[] { alone, together })
        {
            await run.PrepareAndTeachAsync();
            SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train"));
        }

        Assert.True(together.Plan.Shards.Count > 1);
        Assert.All(Losses(alone).Zip(Losses(together)), loss => Assert.Equal(loss.First, loss.Second, 1e-4));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Killed_anywhere_the_job_is_preempted_and_resumes_to_the_same_bytes(bool sharded)
    {
        var writes = one.Run.Blobs.Where(IsCheckpoint).Sum(one.Run.Writes); // others depend on the time
        using var killed = Small(processes: 2, sharded: sharded);
        await killed.PrepareAndTeachAsync();
        var kept = killed.Blobs.ToHashSet(StringComparer.Ordinal);
        for (var seed = 1; seed <= Seeds; seed++)
        {
            var random = new SplitMix64(seed);
            var (at, pause) = (random.Below(writes), TimeSpan.FromMilliseconds(random.Below(40)));
            Task? killing = null;
            killed.Changed = blob =>
            {
                if (IsCheckpoint(blob) && at-- == 0)
                {
                    killing = Task.Run(async () =>
                    {
                        await Task.Delay(pause);
                        Kill(killed);
                    });
                }
            };
            var result = await killed.DoAsync(JobKind.Train, $"train-{seed}");
            killed.Changed = null;
            Assert.NotNull(killing);
            await killing; // it may come after the job's end, and then changes nothing
            for (var attempt = 2; !result.Succeeded && attempt <= MaxTries; attempt++)
            {
                Assert.Equal(FailureClass.Preempted, result.Failure!.Class);
                result = await killed.DoAsync(JobKind.Train, $"train-{seed}-{attempt}");
            }

            SmallRun.Succeeded(result);
            AssertSame(one.Trained, Artifacts(killed));
            Assert.Equal(Losses(one.Run), Losses(killed));
            killed.DeleteAllBut(kept);
        }
    }

    [Fact]
    public async Task After_a_loss_it_resumes_in_one_process_to_the_same_bytes()
    {
        using var run = Small(processes: 2);
        await run.PrepareAndTeachAsync();
        run.Changed = blob =>
        {
            if (blob.EndsWith("manifest.json", StringComparison.Ordinal))
            {
                Kill(run);
            }
        };
        var lost = await run.DoAsync(JobKind.Train, "train");
        Assert.Equal(FailureClass.Preempted, lost.Failure?.Class);
        run.Changed = null;
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-alone", processes: 1));
        AssertSame(one.Trained, Artifacts(run));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Asked_to_stop_it_saves_and_ends_the_other_processes(bool sharded)
    {
        using var run = Small(processes: 2, sharded: sharded, tokens: 6000);
        await run.PrepareAndTeachAsync();
        var (stop, others) = (new CancellationTokenSource(), new List<int>());
        run.Changed = blob =>
        {
            if (blob.EndsWith("manifest.json", StringComparison.Ordinal))
            {
                others.AddRange(run.Pool.ProcessIds);
                stop.Cancel();
            }
        };
        var stopped = await run.DoAsync(JobKind.Train, "train", stop: stop);
        Assert.Equal(FailureClass.Preempted, stopped.Failure?.Class);
        Assert.Empty(run.Pool.ProcessIds);
        Assert.NotEmpty(others);
        Assert.All(others, id => Assert.Throws<ArgumentException>(() => Process.GetProcessById(id))); // ended in the middle of the job
        Assert.Contains(run.Blobs, blob => blob.Contains("/checkpoints/", StringComparison.Ordinal));
        stop.Dispose();
    }

    internal static SmallRun Small(
        int processes, StudentKind kind = StudentKind.Xlstm, int shardTokens = 10_000, bool sharded = false, int micro = 2, int tokens = 1500) => new(spec => spec with
    {
        Dataset = spec.Dataset with { ShardTokens = shardTokens, MaxTokens = tokens },
        Student = kind == StudentKind.Xlstm ? spec.Student : new StudentSpec { Kind = kind, Window = 8 },
        Training = spec.Training with { BatchSize = 2, GradientAccumulation = micro, Epochs = 1, CheckpointEverySteps = 4 },
        Compute = spec.Compute with { GpusPerWorker = processes, ShardOptimizerFrom = sharded ? 0 : null },
    });

    private static bool IsCheckpoint(string blob) => blob.Contains("/checkpoints/", StringComparison.Ordinal);

    private static void Kill(SmallRun run)
    {
        try
        {
            foreach (var id in run.Pool.ProcessIds.ToList())
            {
                using var process = Process.GetProcessById(id);
                process.Kill();
            }
        }
        catch (Exception gone) when (gone is ArgumentException or InvalidOperationException)
        {
            // It ended by itself.
        }
    }

    /// <summary>What the jobs made, by the end of its name: the run's id depends on the specification.</summary>
    internal static SortedDictionary<string, byte[]> Artifacts(SmallRun run) => new(run.Blobs
        .Where(blob => blob.EndsWith(".safetensors", StringComparison.Ordinal) || blob.EndsWith(".bin", StringComparison.Ordinal)
            || blob.Contains("/epoch-", StringComparison.Ordinal) && blob.EndsWith("000.json", StringComparison.Ordinal))
        .ToDictionary(blob => blob.Replace(run.Plan.RunId, "run", StringComparison.Ordinal), blob => run[blob]));

    private static void AssertSame(SortedDictionary<string, byte[]> expected, SortedDictionary<string, byte[]> actual)
    {
        Assert.Equal(expected.Keys, actual.Keys);
        Assert.All(expected, blob => Assert.True(blob.Value.SequenceEqual(actual[blob.Key]), $"{blob.Key} differs"));
        Assert.True(expected.Count > 3, string.Join(' ', expected.Keys));
    }

    private static double[] Losses(SmallRun run) =>
    [
        .. System.Text.Encoding.UTF8.GetString(run[ArtifactLayout.Metrics(run.Plan.RunId, StudentVariant.Distilled)])
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => System.Text.Json.JsonDocument.Parse(line).RootElement.GetProperty("loss").GetDouble()),
    ];
}
