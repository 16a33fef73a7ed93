using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Runs;
using Distil.Core.Tests.Artifacts;

namespace Distil.Core.Tests.Runs;

public sealed class RunRetryTests : IDisposable
{
    private const string Run = "run";
    private static readonly JobFailure Failure = new(FailureClass.Transient, "the machine was taken away");
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;
    private readonly RunFolder _runs;

    public RunRetryTests()
    {
        _store = _service.OpenStore();
        _runs = new RunFolder(_store);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Theory]
    [InlineData(RunState.Failed)]
    [InlineData(RunState.Cancelled)]
    public async Task An_ended_run_is_queued_again_and_its_end_is_its_history(RunState state)
    {
        await EndAsync(state);
        await PrepareAsync();

        var status = (await _runs.TryReadStatusAsync(Run, Cancel))!;
        Assert.Equal((RunState.Queued, null), (status.State, status.LastFailure));
        Assert.Equal([new RunEnd(state, DateTimeOffset.UnixEpoch, Failure)], status.Earlier);
    }

    [Fact]
    public async Task What_kept_it_ended_is_deleted_and_what_it_made_is_not()
    {
        await EndAsync(RunState.Failed);
        await _store.WriteTextAsync(ArtifactLayout.JournalOf(Run, "run"), "ended", cancel: Cancel);
        await _store.WriteTextAsync(ArtifactLayout.JournalOf(Run, "train-001"), "ended", cancel: Cancel);
        await _store.WriteJsonAsync(ArtifactLayout.Cancel(Run), new { RunId = Run }, Cancel);
        await ResultAsync("train-001", Failure);
        await ResultAsync("train-001-try-2", failure: null);
        await ResultAsync("prepare-00000", failure: null);
        await ResultAsync("teach-00000-again-1", failure: null);
        await _store.WriteTextAsync(ArtifactLayout.JobResult(Run, "evaluate-001"), "cut", cancel: Cancel);
        string[] made = ["runs/run/checkpoints/epoch-001/step-000010/manifest.json", "runs/run/jobs/train-001/request.json", "runs/run/metrics.jsonl"];
        foreach (var blob in made)
        {
            await _store.WriteTextAsync(blob, "{}", cancel: Cancel);
        }

        await PrepareAsync();

        string[] left = [.. made, ArtifactLayout.JobResult(Run, "prepare-00000"), ArtifactLayout.Status(Run)];
        Assert.Equal(left.Order(StringComparer.Ordinal), _service.Blobs.Keys.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task One_that_is_retried_twice_has_both_ends()
    {
        await EndAsync(RunState.Failed);
        await PrepareAsync();
        await _runs.WriteStatusAsync((await _runs.TryReadStatusAsync(Run, Cancel))! with { State = RunState.Cancelled }, Cancel);
        await PrepareAsync();
        Assert.Equal([RunState.Failed, RunState.Cancelled], (await _runs.TryReadStatusAsync(Run, Cancel))!.Earlier.Select(end => end.State));
    }

    [Fact]
    public async Task One_that_has_not_ended_is_left_alone()
    {
        await EndAsync(RunState.Running);
        await _store.WriteTextAsync(ArtifactLayout.JournalOf(Run, "run"), "at work", cancel: Cancel);
        await PrepareAsync();
        Assert.Equal(RunState.Running, (await _runs.TryReadStatusAsync(Run, Cancel))!.State);
        Assert.True(await _store.ExistsAsync(ArtifactLayout.JournalOf(Run, "run"), Cancel));
    }

    [Fact]
    public async Task One_that_succeeded_or_does_not_exist_is_refused()
    {
        await EndAsync(RunState.Succeeded);
        Assert.Contains("has succeeded", (await Assert.ThrowsAsync<InvalidInputException>(PrepareAsync)).Message, StringComparison.Ordinal);
        var missing = await Assert.ThrowsAsync<InvalidInputException>(() => new RunRetry(_store).PrepareAsync("none", Cancel));
        Assert.StartsWith("none is not a run", missing.Message, StringComparison.Ordinal);
    }

    private Task PrepareAsync() => new RunRetry(_store).PrepareAsync(Run, Cancel);

    private Task EndAsync(RunState state) => _runs.WriteStatusAsync(
        new RunStatus { RunId = Run, State = state, LastFailure = Failure, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch }, Cancel);

    private Task ResultAsync(string job, JobFailure? failure) => _store.WriteJsonAsync(
        ArtifactLayout.JobResult(Run, job),
        new JobResult { Failure = failure, StartedAt = DateTimeOffset.UnixEpoch, EndedAt = DateTimeOffset.UnixEpoch }, Cancel);
}
