using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>What a disk, a network or a kill can do to artifacts. A job finds it before use and names the part; the job that makes the part mends it.</summary>
public sealed class DamageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flipped")]
    [InlineData("truncated")]
    [InlineData("missing")]
    public async Task A_damaged_shard_of_tokens_is_named_by_the_job_that_reads_it_and_rebuilt_by_a_prepare_job(string damage)
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 1));
        var blob = ArtifactLayout.TrainTokens(run.Plan.DatasetId, 1);
        var whole = run[blob];
        await DamageAsync(run, blob, damage);
        run.ChangeMachine();

        AssertMissing(run.Artifacts.Dataset, 1, blob, await run.DoAsync(JobKind.Teach, "teach", shard: 1));
        Assert.DoesNotContain(ArtifactLayout.TeacherOutputsShard(run.Plan.TeacherOutputsId, 1), run.Blobs);

        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-again-1", shard: 1, rebuild: true));
        Assert.Equal(whole, run[blob]);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, "teach-again-1", shard: 1));
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("missing")]
    public async Task Damaged_shards_of_the_teachers_outputs_are_named_all_at_once_and_rebuilt_by_teach_jobs(string damage)
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        var blobs = new[] { 0, 1 }.Select(shard => ArtifactLayout.TeacherOutputs(run.Plan.TeacherOutputsId, shard)).ToList();
        var whole = blobs.Select(blob => run[blob]).ToList();
        foreach (var blob in blobs)
        {
            await DamageAsync(run, blob, damage);
        }

        run.ChangeMachine();
        var failed = await run.DoAsync(JobKind.Train, "train-001");
        AssertMissing(run.Artifacts.TeacherOutputs, 0, blobs[0], failed);
        Assert.Equal([0, 1], failed.Missing!.Select(input => input.Part));

        for (var shard = 0; shard < 2; shard++)
        {
            SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, $"teach-{shard}-again-1", shard, rebuild: true));
        }

        Assert.Equal(whole, blobs.Select(blob => run[blob]));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001-again-1"));
    }

    [Fact]
    public async Task A_shard_that_is_whole_is_not_rebuilt()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-again-1", rebuild: true));
        Assert.Equal(1, run.Writes(ArtifactLayout.TrainTokens(run.Plan.DatasetId, 0)));
    }

    [Theory]
    [InlineData(JobKind.Evaluate, "weights.safetensors")]
    [InlineData(JobKind.Evaluate, "manifest.json")]
    [InlineData(JobKind.Export, "weights.safetensors")]
    public async Task A_job_that_misses_a_checkpoint_fails_and_does_not_train(JobKind kind, string file)
    {
        using var run = new SmallRun(spec => spec with
        {
            Training = spec.Training with { Epochs = 1 },
            Evaluation = spec.Evaluation with { Baseline = false },
        });
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001"));
        var blob = run.Blobs.Where(blob => blob.EndsWith("/" + file, StringComparison.Ordinal) && blob.Contains("/checkpoints/", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal).Last();
        var whole = LastWeights(run);
        await DamageAsync(run, blob, "missing");
        var stored = run.Blobs.ToHashSet();

        var failed = await run.DoAsync(kind, "job");

        var missing = Assert.Single(failed.Missing!);
        Assert.Equal((FailureClass.MissingInput, JobKind.Train, (int?)0), (failed.Failure!.Class, missing.Artifact.Maker, missing.Part));
        Assert.Contains("/checkpoints/epoch-001/", failed.Failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Blobs.Except(stored), added => added.Contains("/checkpoints/", StringComparison.Ordinal)
            && !added.EndsWith(".claim", StringComparison.Ordinal));

        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001-again-1", rebuild: true));
        Assert.Equal(whole, LastWeights(run));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate-001"));
        SmallRun.Succeeded(await run.DoAsync(JobKind.Export, "export"));
    }

    [Fact]
    public async Task Training_resumes_from_the_checkpoint_before_a_damaged_one_and_reaches_the_same_weights()
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001"));
        var last = run.Blobs.Where(blob => blob.EndsWith("/weights.safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last();
        var whole = run[last];
        await DamageAsync(run, last, "flipped");
        var resumed = SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001-again-1", rebuild: true));
        Assert.Equal(whole, run[last]);
        Assert.InRange(resumed.Output!.Value.GetProperty("stepsHere").GetInt64(), 1, 3); // since the checkpoint before
    }

    [Fact]
    public async Task An_epoch_is_not_trained_without_the_end_of_the_one_before()
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        var failed = await run.DoAsync(JobKind.Train, "train-002", epoch: 1);
        AssertMissing(run.Artifacts.Weights(Core.Specification.StudentVariant.Distilled, 0), 0, "/checkpoints/epoch-001/", failed);
        Assert.DoesNotContain(run.Blobs, blob => blob.EndsWith("/weights.safetensors", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_manifest_is_an_input_without_a_part()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        var failed = await run.DoAsync(JobKind.Evaluate, "evaluate-001");
        Assert.Contains("manifest.json: this blob is missing", failed.Failure!.Message, StringComparison.Ordinal);
        Assert.Equal(run.Artifacts.Dataset, Assert.Single(failed.Missing!).Artifact);
        Assert.Null(failed.Missing![0].Part);
    }

    [Fact]
    public async Task A_torn_closing_document_does_not_count()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        var closing = ArtifactLayout.DatasetShard(run.Plan.DatasetId, 0);
        var whole = run[closing];
        run[closing] = whole[..(whole.Length / 2)];
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-of-another-run"));
        Assert.Equal(whole, run[closing]);
    }

    [Fact]
    public async Task A_damaged_copy_on_this_machine_is_fetched_again()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare"));
        var copies = Directory.GetFiles(Path.Combine(run.Cache, "artifacts"), "*.bin", SearchOption.AllDirectories);
        Assert.NotEmpty(copies);
        foreach (var copy in copies)
        {
            var content = await File.ReadAllBytesAsync(copy, Cancel);
            content[^1] ^= 1;
            await File.WriteAllBytesAsync(copy, content, Cancel);
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, "teach"));

        var tokens = run[ArtifactLayout.TrainTokens(run.Plan.DatasetId, 0)];
        Assert.Contains(copies, copy => tokens.AsSpan().SequenceEqual(File.ReadAllBytes(copy)));
    }

    private static void AssertMissing(Artifact artifact, int part, string blob, JobResult failed)
    {
        Assert.Equal(FailureClass.MissingInput, failed.Failure!.Class);
        Assert.Contains($"{blob}: this", failed.Failure.Message, StringComparison.Ordinal);
        Assert.Equal((artifact.Closing, part), (failed.Missing![0].Artifact.Closing, failed.Missing[0].Part));
    }

    private static byte[] LastWeights(SmallRun run) =>
        run[run.Blobs.Where(blob => blob.EndsWith("/weights.safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last()];

    private static async Task DamageAsync(SmallRun run, string blob, string damage)
    {
        var content = (byte[])run[blob].Clone();
        content[content.Length / 2] ^= 4;
        if (damage == "missing")
        {
            await run.Store.DeleteAsync(blob, Cancel);
        }
        else
        {
            run[blob] = damage == "truncated" ? content[..(content.Length / 2)] : content;
        }
    }
}
