using System.Text.Json;
using Distil.Cli.Engine.Journal;
using Distil.Cli.Tests.Engine.Journal;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;

namespace Distil.Cli.Tests.Engine;

/// <summary>The real pipeline in the embedded engine: what the contracts cannot do over every host.</summary>
public sealed class EmbeddedEngineTests
{
    private readonly ScriptedRun _run = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Does_every_stage_in_order_and_publishes_how_it_goes()
    {
        var outcome = await _run.RunAsync();

        Assert.Equal(RunState.Succeeded, outcome.State);
        Assert.Equal(["prepare-00000", "teach-00000", "train-001", "evaluate-001", "train-002", "evaluate-002", "export"], _run.Started);
        Assert.Equal(RunState.Running, _run.Statuses.First().State);
        Assert.Equal(RunState.Succeeded, _run.Statuses.Last().State);
    }

    [Fact]
    public async Task A_cancelled_run_stops_its_job()
    {
        _run.Endless = "train-001";
        var running = _run.RunAsync();
        while (!_run.Started.Contains(_run.Endless))
        {
            await Task.Delay(10, Cancel);
        }

        _run.Cancelled.SetResult("enough");

        Assert.Equal(RunState.Cancelled, (await running).State);
        Assert.Equal(RunState.Cancelled, _run.Statuses.Last().State);
        Assert.Equal(_run.Endless, _run.Started.Last());
    }

    [Fact]
    public async Task A_run_that_has_ended_ends_the_same_when_replayed_and_calls_nothing()
    {
        var first = await _run.RunAsync();
        _run.Started.Clear();
        _run.Calls.Clear();
        var second = await _run.RunAsync();

        Assert.Equal(JsonSerializer.Serialize(first, DistilJson.Options), JsonSerializer.Serialize(second, DistilJson.Options));
        Assert.Empty(_run.Calls);
    }

    [Fact]
    public async Task Killed_after_any_entry_it_goes_on_to_the_same_end_and_does_nothing_twice_that_was_journaled()
    {
        var outcome = await _run.RunAsync();
        var whole = _run.Journals;
        var appends = whole.Logs.Keys.Sum(path => whole.Entries(path).Count);
        for (var survive = 1; survive < appends; survive += 3)
        {
            _run.Journals = new MemoryJournals();
            _run.Calls.Clear();
            using var stop = new CancellationTokenSource();
            var left = survive;
            _run.Journals.OnAppend = _ =>
            {
                if (Interlocked.Decrement(ref left) < 0)
                {
                    stop.Cancel();
                    throw new OperationCanceledException("killed");
                }
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => _run.RunAsync(stop));

            var journaled = Journaled();
            _run.Journals.OnAppend = _ => { };
            _run.Calls.Clear();
            Assert.Equal(outcome.State, (await _run.RunAsync()).State);
            Assert.DoesNotContain(_run.Calls, journaled.Contains);
        }
    }

    [Fact]
    public async Task A_timer_keeps_its_time_over_a_restart()
    {
        var time = new ManualTime();
        _run.FaultyJobs.Enqueue(new JobFailure(FailureClass.Transient, "once"));
        var pause = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)).DelayAfter(1, ScriptedRun.Artifacts.Dataset.PartAt(0).JobId);
        using var stop = new CancellationTokenSource();
        var first = _run.RunAsync(stop, time);
        await time.WaitForTimerAsync(pause, Cancel); // before the second try
        time.Advance(0.6 * pause);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        var second = _run.RunAsync(stop: null, time);
        await time.WaitForTimerAsync(0.4 * pause, Cancel);
        time.AdvanceFreely();
        Assert.Equal(RunState.Succeeded, (await second).State);
    }

    [Fact]
    public async Task A_clock_that_is_set_back_prolongs_no_timer()
    {
        var time = new ManualTime();
        _run.FaultyJobs.Enqueue(new JobFailure(FailureClass.Transient, "once"));
        var pause = new Backoff(TimeSpan.FromSeconds(1), TimeSpan.FromMinutes(2)).DelayAfter(1, ScriptedRun.Artifacts.Dataset.PartAt(0).JobId);
        using var stop = new CancellationTokenSource();
        var first = _run.RunAsync(stop, time);
        await time.WaitForTimerAsync(pause, Cancel);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);
        time.Advance(TimeSpan.FromHours(-1));

        var second = _run.RunAsync(stop: null, time);
        await time.WaitForTimerAsync(pause, Cancel).WaitAsync(TimeSpan.FromMinutes(1), Cancel);
        time.AdvanceFreely();
        Assert.Equal(RunState.Succeeded, (await second).State);
    }

    private HashSet<string> Journaled() => [.. from path in _run.Journals.Logs.Keys
                                               from entry in _run.Journals.Entries(path)
                                               where entry.Kind == JournalKind.Activity && entry.Name != PollJob.Id
                                               select $"{entry.Name} {entry.InputHash}"];
}
