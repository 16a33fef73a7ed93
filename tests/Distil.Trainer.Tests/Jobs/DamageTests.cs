using System.Text;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Trainer.Tests.Jobs;

/// <summary>What a disk, a network or a kill can do to artifacts: it is found before use and mended, and the run ends as if it had not happened.</summary>
[Collection(nameof(ConsoleCollection))]
public sealed class DamageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("flipped")]
    [InlineData("truncated")]
    [InlineData("missing")]
    public async Task A_bad_shard_of_tokens_is_made_again(string damage)
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 0));
        var blob = ArtifactLayout.TrainTokens(run.Plan.DatasetId, 0);
        var whole = run[blob];
        await DamageAsync(run, blob, damage);
        run.ChangeMachine();

        var said = await SaidAsync(async () => SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, "teach", shard: 0)));

        Assert.Equal(whole, run[blob]);
        Assert.Contains($"{blob}: this blob", said);
        Assert.Contains("the shard is made again", said);
    }

    [Theory]
    [InlineData("flipped")]
    [InlineData("missing")]
    public async Task A_bad_shard_of_the_teachers_outputs_is_made_again(string damage)
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        var blob = ArtifactLayout.TeacherOutputs(run.Plan.TeacherOutputsId, 1);
        var whole = run[blob];
        await DamageAsync(run, blob, damage);
        run.ChangeMachine();

        var said = await SaidAsync(async () => SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001", epoch: 0)));

        Assert.Equal(whole, run[blob]);
        Assert.Contains($"{blob}: this blob", said);
    }

    [Fact]
    public async Task A_torn_closing_document_does_not_count()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 0));
        var closing = ArtifactLayout.DatasetShard(run.Plan.DatasetId, 0);
        var whole = run[closing];
        run[closing] = whole[..(whole.Length / 2)];

        await SaidAsync(async () => SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare-of-another-run", shard: 0)));

        Assert.Equal(whole, run[closing]);
    }

    [Fact]
    public async Task A_damaged_copy_on_this_machine_is_fetched_again()
    {
        using var run = new SmallRun();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Prepare, "prepare", shard: 0));
        var copies = Directory.GetFiles(Path.Combine(run.Cache, "artifacts"), "*.bin", SearchOption.AllDirectories);
        Assert.NotEmpty(copies);
        foreach (var copy in copies)
        {
            var content = await File.ReadAllBytesAsync(copy, Cancel);
            content[^1] ^= 1;
            await File.WriteAllBytesAsync(copy, content, Cancel);
        }

        SmallRun.Succeeded(await run.DoAsync(JobKind.Teach, "teach", shard: 0));

        var tokens = run[ArtifactLayout.TrainTokens(run.Plan.DatasetId, 0)];
        Assert.Contains(copies, copy => tokens.AsSpan().SequenceEqual(File.ReadAllBytes(copy)));
    }

    [Fact]
    public async Task A_bad_checkpoint_falls_back_to_the_one_before_and_training_reaches_the_same_weights()
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001", epoch: 0));
        var last = run.Blobs.Where(blob => blob.EndsWith("/weights.safetensors", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Last();
        var whole = run[last];
        await DamageAsync(run, last, "flipped");

        var said = await SaidAsync(async () => SmallRun.Succeeded(await run.DoAsync(JobKind.Evaluate, "evaluate-001", epoch: 0)));

        Assert.Contains($"{last}: this blob has SHA-256", said);
        Assert.Contains("; using ", said);
        Assert.Contains("it is trained to there again", said);
        Assert.Equal(whole, run[last]);
    }

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

    /// <summary>What is written to the error stream meanwhile.</summary>
    private static async Task<string> SaidAsync(Func<Task> action)
    {
        var (before, said) = (Console.Error, new StringBuilder());
        await using var writer = TextWriter.Synchronized(new StringWriter(said));
        Console.SetError(writer);
        try
        {
            await action();
        }
        finally
        {
            Console.SetError(before);
        }

        return said.ToString();
    }
}

/// <summary>Tests that read what is written to the error stream: one at a time.</summary>
[CollectionDefinition(nameof(ConsoleCollection), DisableParallelization = true)]
public sealed class ConsoleCollection;
