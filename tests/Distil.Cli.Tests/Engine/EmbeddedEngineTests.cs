using System.Collections.Concurrent;
using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Cli.Engine.Journal;
using Distil.Cli.Tests.Engine.Journal;
using Distil.Core;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Engine;

/// <summary>The real pipeline in the embedded engine, over activities that only remember what they were asked.</summary>
public sealed class EmbeddedEngineTests
{
    private readonly ConcurrentQueue<string> _started = new();
    private readonly ConcurrentQueue<RunStatus> _statuses = new();
    private readonly ConcurrentDictionary<string, int> _faults = new();
    private readonly ConcurrentQueue<string> _calls = new();
    private readonly ConcurrentQueue<JobFailure> _faultyJobs = new();
    private readonly TaskCompletionSource<string> _cancelled = new();
    private MemoryJournals _journals = new();
    private Exception _fault = new IOException("the line is bad");
    private string? _endless;
    private bool _cancelRequested;

    private static readonly RunArtifacts Artifacts = new(
        "run", new TeacherOutputs("outputs", new Dataset("dataset", Shards: 1)), Offline: true, [StudentVariant.Distilled], Epochs: 2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Does_every_stage_in_order_and_publishes_how_it_goes()
    {
        var outcome = await RunAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(["prepare-00000", "teach-00000", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"], _started);
        Assert.Equal(RunState.Running, _statuses.First().State);
        Assert.Equal(RunState.Succeeded, _statuses.Last().State);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("train-001")]
    public async Task Leaves_a_run_alone_whose_journal_another_version_wrote_to(string path)
    {
        await RunAsync();
        _journals.Logs[path] = [.. _journals.Logs[path][..^1], (byte)'\n', .. JournalLine.Seal("""{ "version": 3, "index": 99 }"""u8.ToArray())];
        if (path != "run")
        {
            _journals.Logs.TryRemove("run", out _);
        }

        var before = _journals.Logs[path];

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync());

        Assert.Equal($"journal/{path}.jsonl: version is 3, expected 2: another version of distil wrote it; use that one, or a new run", error.Message);
        Assert.Equal(before, _journals.Logs[path]);
    }

    [Theory]
    [InlineData("run")]
    [InlineData("train-001")]
    public async Task Leaves_a_run_alone_whose_stored_journal_has_version_1(string path)
    {
        var stored = await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "Engine", "Journal", "Version1", $"{path}.jsonl"), Cancel);
        Assert.True(stored.Length > 4000);
        _journals.Logs[path] = stored;

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync());

        Assert.Equal($"journal/{path}.jsonl: version is 1, expected 2: another version of distil wrote it; use that one, or a new run", error.Message);
        Assert.Equal(stored, _journals.Logs[path]);
    }

    [Fact]
    public async Task Leaves_a_run_alone_whose_journal_is_from_before_there_were_versions()
    {
        await RunAsync();
        _journals.Logs["run"] = [.. _journals.Entries("run").SelectMany(entry => JournalLine.Write(entry with { Version = null }))];
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RunAsync());
        Assert.StartsWith("journal/run.jsonl: version is 1, expected 2:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Calls_an_activity_again_when_it_fails()
    {
        _faults[PollJob.Id] = 2;
        Assert.Equal(RunState.Succeeded, (await RunAsync(time: ManualTime.Free())).State);
    }

    [Fact]
    public async Task Gives_up_an_activity_that_keeps_failing_and_says_why()
    {
        _faults[StartJob.Id] = int.MaxValue;
        var outcome = await RunAsync(time: ManualTime.Free());

        Assert.Equal(RunState.Failed, outcome.State);
        Assert.Equal("start-job: the line is bad", outcome.Failure!.Message);
        Assert.Equal(FailureClass.Transient, outcome.Failure.Class);
    }

    [Fact]
    public async Task Calls_no_activity_again_whose_input_is_wrong()
    {
        _fault = new InvalidInputException("config.json is not there");
        _faults[StartJob.Id] = 1;
        var outcome = await RunAsync();

        Assert.Equal(FailureClass.InvalidInput, outcome.Failure!.Class);
        Assert.Empty(_started);
    }

    [Fact]
    public async Task A_cancelled_run_stops_its_job()
    {
        _endless = "train-001";
        var running = RunAsync();
        while (!_started.Contains(_endless))
        {
            await Task.Delay(10, Cancel);
        }

        _cancelled.SetResult("enough");

        Assert.Equal(RunState.Cancelled, (await running).State);
        Assert.Equal(RunState.Cancelled, _statuses.Last().State);
        Assert.Equal(_endless, _started.Last());
    }

    [Fact]
    public async Task A_run_that_has_ended_ends_the_same_when_replayed_and_calls_nothing()
    {
        var first = await RunAsync();
        _started.Clear();
        _calls.Clear();
        var second = await RunAsync();

        Assert.Equal(JsonSerializer.Serialize(first, DistilJson.Options), JsonSerializer.Serialize(second, DistilJson.Options));
        Assert.Empty(_calls);
    }

    [Fact]
    public async Task Killed_after_any_entry_it_goes_on_to_the_same_end_and_does_nothing_twice_that_was_journaled()
    {
        var outcome = await RunAsync();
        var whole = _journals;
        var appends = whole.Logs.Keys.Sum(path => whole.Entries(path).Count);
        for (var survive = 1; survive < appends; survive += 3)
        {
            _journals = new MemoryJournals();
            _calls.Clear();
            using var stop = new CancellationTokenSource();
            var left = survive;
            _journals.OnAppend = _ =>
            {
                if (Interlocked.Decrement(ref left) < 0)
                {
                    stop.Cancel();
                    throw new OperationCanceledException("killed");
                }
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => RunAsync(stop));

            var journaled = Journaled();
            _journals.OnAppend = _ => { };
            _calls.Clear();
            Assert.Equal(outcome.State, (await RunAsync()).State);
            Assert.DoesNotContain(_calls, journaled.Contains);
        }
    }

    [Fact]
    public async Task A_pipeline_that_asks_for_another_activity_than_its_journal_holds_ends_with_an_error_that_names_both()
    {
        await RunAsync();
        Rewrite("run", entry => entry.Call == 0 ? entry with { Name = "find-artefact" } : entry);
        var error = await Assert.ThrowsAsync<NonDeterminismException>(() => RunAsync());
        Assert.Contains("journal/run.jsonl: step 0 was activity find-artefact", error.Message, StringComparison.Ordinal);
        Assert.Contains("now asks for activity find-artifact", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sub_pipeline_too()
    {
        await RunAsync();
        _journals.Logs["run"] = [.. _journals.Entries("run").Take(2).SelectMany(JournalLine.Write)];
        Rewrite("prepare-00000", entry => entry.Call == 1 ? entry with { Name = "pull-job" } : entry);
        var error = await Assert.ThrowsAsync<NonDeterminismException>(() => RunAsync());
        Assert.Contains("journal/prepare-00000.jsonl: step 1 was activity pull-job", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_timer_keeps_its_time_over_a_restart()
    {
        var time = new ManualTime();
        _faultyJobs.Enqueue(new JobFailure(FailureClass.Transient, "once"));
        var pause = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)).DelayAfter(1, Artifacts.Dataset.PartAt(0).JobId);
        using var stop = new CancellationTokenSource();
        var first = RunAsync(stop, time);
        await time.WaitForTimerAsync(pause, Cancel); // before the second try
        time.Advance(0.6 * pause);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = RunAsync(stop: null, time);
        await time.WaitForTimerAsync(0.4 * pause, Cancel);
        time.AdvanceFreely();
        Assert.Equal(RunState.Succeeded, (await second).State);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_prolongs_no_timer()
    {
        var time = new ManualTime();
        _faultyJobs.Enqueue(new JobFailure(FailureClass.Transient, "once"));
        var pause = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)).DelayAfter(1, Artifacts.Dataset.PartAt(0).JobId);
        using var stop = new CancellationTokenSource();
        var first = RunAsync(stop, time);
        await time.WaitForTimerAsync(pause, Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        time.Advance(TimeSpan.FromHours(-1));

        var second = RunAsync(stop: null, time);
        await time.WaitForTimerAsync(pause, Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        time.AdvanceFreely();
        Assert.Equal(RunState.Succeeded, (await second).State);
    }

    private Task<RunOutcome> RunAsync(CancellationTokenSource? stop = null, TimeProvider? time = null) =>
        new EmbeddedEngine(AnswerAsync, _journals.Open, _statuses.Enqueue, NullLogger.Instance, time ?? TimeProvider.System).RunAsync(
            new PipelineInput
            {
                Artifacts = Artifacts,
                Parallelism = 1,
                Retries = 1,
                Polling = new Polling { MinMilliseconds = 1, MaxMilliseconds = 5 },
            },
            _cancelled.Task, stop?.Token ?? CancellationToken.None);

    private HashSet<string> Journaled() => [.. from path in _journals.Logs.Keys
                                               from entry in _journals.Entries(path)
                                               where entry.Kind == JournalKind.Activity && entry.Name != PollJob.Id
                                               select $"{entry.Name} {entry.InputHash}"];

    private void Rewrite(string path, Func<JournalEntry, JournalEntry> change) =>
        _journals.Logs[path] = [.. _journals.Entries(path).Select(change).SelectMany(JournalLine.Write)];

    private Task<JsonElement> AnswerAsync(string activity, JsonElement input, CancellationToken cancel)
    {
        if (_faults.GetValueOrDefault(activity) > 0)
        {
            _faults[activity]--;
            throw _fault;
        }

        if (activity != PollJob.Id)
        {
            _calls.Enqueue($"{activity} {PipelineInstance.Hash(input)}");
        }

        object answer = activity switch
        {
            FindArtifact.Id or IsCancelRequested.Id => false,
            StartJob.Id => Start(input.Deserialize<StartInput>(DistilJson.Options)!),
            PollJob.Id => Poll(input.Deserialize<JobHandle>(DistilJson.Options)!),
            RequestCancel.Id => _cancelRequested = true,
            StopJob.Id => true,
            _ => new CloseOutput(),
        };
        return Task.FromResult(JsonSerializer.SerializeToElement(answer, DistilJson.Options));
    }

    private StartOutput Start(StartInput input)
    {
        _started.Enqueue(input.JobId);
        return new StartOutput(StartState.Started, new JobHandle("run", input.JobId, "handle"));
    }

    private JobAnswer Poll(JobHandle job) => job.JobId == _endless
        ? new JobAnswer(JobState.Running, CancelRequested: _cancelRequested)
        : new JobAnswer(JobState.Ended, new JobResult
        {
            Failure = _faultyJobs.TryDequeue(out var failure) ? failure : null,
            StartedAt = DateTimeOffset.UnixEpoch,
            EndedAt = DateTimeOffset.UnixEpoch,
        });
}
