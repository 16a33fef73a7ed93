using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts;
using Distil.Core.Jobs;

namespace Distil.Trainer.Tests.Jobs;

public sealed class RacingAttemptsTests
{
    [Theory]
    [InlineData(JobKind.Prepare)]
    [InlineData(JobKind.Train)]
    public async Task Two_attempts_at_one_job_do_its_work_once_and_agree(JobKind kind)
    {
        using var run = new SmallRun();
        if (kind == JobKind.Train)
        {
            await run.PrepareAndTeachAsync();
        }

        using var other = run.NewProgram();
        var both = await Task.WhenAll(
            Task.Run(() => run.DoAsync(kind, "job", shard: 0, epoch: 0)),
            Task.Run(() => run.DoAsync(kind, "job", shard: 0, epoch: 0, by: other)));

        Assert.All(both, result => SmallRun.Succeeded(result));
        Assert.Equal((both[0].StartedAt, both[0].EndedAt), (both[1].StartedAt, both[1].EndedAt));
    }

    [Fact]
    public async Task Runs_that_start_at_the_same_moment_make_a_shared_shard_once()
    {
        using var run = new SmallRun();
        using var second = run.NewProgram();
        using var third = run.NewProgram();
        var all = await Task.WhenAll(
            Task.Run(() => run.DoAsync(JobKind.Prepare, "prepare-of-run-1", shard: 0)),
            Task.Run(() => run.DoAsync(JobKind.Prepare, "prepare-of-run-2", shard: 0, by: second)),
            Task.Run(() => run.DoAsync(JobKind.Prepare, "prepare-of-run-3", shard: 0, by: third)));

        Assert.All(all, result => SmallRun.Succeeded(result));
        Assert.Equal(1, run.Writes(ArtifactLayout.TrainTokens(run.Plan.DatasetId, 0)));
        Assert.Equal(1, run.Writes(ArtifactLayout.DatasetShard(run.Plan.DatasetId, 0)));
    }

    [Fact]
    public async Task A_job_whose_asker_is_gone_stops_without_a_word_and_the_next_attempt_goes_on()
    {
        using var run = new SmallRun();
        await run.PrepareAndTeachAsync();
        using var gone = new CancellationTokenSource();
        await gone.CancelAsync();

        var first = await run.DoAsync(JobKind.Train, "train-001", epoch: 0, stop: gone, abandoned: true);

        Assert.Equal(FailureClass.Preempted, first.Failure!.Class);
        Assert.DoesNotContain(ArtifactLayout.JobResult(run.Plan.RunId, "train-001"), run.Blobs);
        SmallRun.Succeeded(await run.DoAsync(JobKind.Train, "train-001", epoch: 0));
    }
}
