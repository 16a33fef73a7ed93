using System.Globalization;
using System.Text.Json;
using System.Threading.Channels;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>The context of one pipeline's code: calls are answered from the journal first, then made; their answers arrive later.</summary>
/// <param name="engine">Makes the calls.</param>
/// <param name="runId">The run.</param>
/// <param name="path">The pipeline's path in the run.</param>
/// <param name="journal">The answers from before the last restart.</param>
/// <param name="arrived">Receives each event as an entry with the time at which it is journaled; completed when the pipeline ends.</param>
/// <param name="stop">Interrupts the calls.</param>
internal sealed class EngineContext(
    EmbeddedEngine engine, string runId, string path, PipelineJournal journal,
    ChannelWriter<Func<DateTimeOffset, JournalEntry>> arrived, CancellationToken stop)
    : IPipelineContext
{
    /// <summary>A clock that is behind by more after a wait was set back.</summary>
    private static readonly TimeSpan ClockStep = TimeSpan.FromMilliseconds(20);

    private readonly PipelineLoop _loop = new(() => arrived.TryComplete(NonDeterminismException.Strayed(journal.Name)));
    private readonly PipelineCalls _calls = new(journal.Name, journal.History);
    private RunStatus? _status;
    private NonDeterminismException? _broken;
    private bool _replaying = true;

    /// <inheritdoc />
    public string RunId => runId;

    /// <inheritdoc />
    public DateTimeOffset Now { get; private set; }

    /// <inheritdoc />
    public Task<TOutput> CallActivityAsync<TInput, TOutput>(ActivityName<TInput, TOutput> activity, TInput input) =>
        CallAsync<TInput, TOutput>(JournalKind.Activity, activity.Id, input, json => engine.CallActivityAsync(activity.Id, activity.Retries, json, stop));

    /// <inheritdoc />
    public Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input) =>
        CallAsync<TInput, TOutput>(JournalKind.SubPipeline, name, input,
            json => new PipelineInstance(engine, RunId, EmbeddedEngine.PathOf(path, name), stop).RunAsync(pipeline, json));

    /// <inheritdoc />
    public async Task DelayAsync(TimeSpan time)
    {
        var due = Now + time;
        await MakeAsync(JournalKind.Timer, time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture), inputHash: null, async () =>
        {
            var left = due - engine.Time.GetUtcNow();
            left = left < time ? left : time; // a clock that was set back must not prolong the wait
            while (left > TimeSpan.Zero)
            {
                // A timer counts whole milliseconds and may end a fraction of one too early.
                await Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(left.TotalMilliseconds)), engine.Time, stop);
                left = due - engine.Time.GetUtcNow();
                left = left < ClockStep ? left : TimeSpan.Zero;
            }

            return null;
        });
    }

    /// <inheritdoc />
    public async Task<T> WaitForSignalAsync<T>(string name)
    {
        RequireTurn();
        return (await _calls.WaitFor(name))!.Value.Deserialize<T>(DistilJson.Options)!;
    }

    /// <inheritdoc />
    public void SetStatus(RunStatus status)
    {
        RequireTurn();
        _status = status;
        if (!_replaying)
        {
            engine.Publish(status);
        }
    }

    /// <summary>Starts the pipeline's code.</summary>
    /// <returns>A task that completes with the pipeline's result.</returns>
    internal Task<JsonElement> Begin(JournalEntry start)
    {
        Now = start.At;
        Task<JsonElement> work = null!;
        Turn(() => work = engine.RunCodeAsync(start.Name, this, start.Value!.Value));
        return work;
    }

    /// <summary>Passes an event to the code, which continues until it waits again.</summary>
    internal void Apply(JournalEntry entry)
    {
        Now = entry.At;
        Turn(() => _calls.Apply(entry));
    }

    /// <summary>Ends the replay: makes the calls that the journal does not answer.</summary>
    internal void GoLive()
    {
        _replaying = false;
        if (_status is not null)
        {
            engine.Publish(_status);
        }

        foreach (var start in _calls.Unanswered.ToList())
        {
            start();
        }
    }

    private async Task<TOutput> CallAsync<TInput, TOutput>(JournalKind kind, string name, TInput input, Func<JsonElement, Task<JsonElement>> call)
    {
        var json = JsonSerializer.SerializeToElement(input, DistilJson.Options);
        var answer = await MakeAsync(kind, name, PipelineInstance.Hash(json), async () => await call(json));
        return answer!.Value.Deserialize<TOutput>(DistilJson.Options)!;
    }

    private Task<JsonElement?> MakeAsync(JournalKind kind, string name, string? inputHash, Func<Task<JsonElement?>> call)
    {
        RequireTurn();
        try
        {
            var (answer, start) = _calls.Make(kind, name, inputHash, number => _ = Task.Run(() => DoAsync(number, call), CancellationToken.None));
            if (!_replaying)
            {
                start();
            }

            return answer;
        }
        catch (NonDeterminismException other)
        {
            _broken = other; // whatever the pipeline does with it
            throw;
        }
    }

    private async Task DoAsync(int number, Func<Task<JsonElement?>> call)
    {
        try
        {
            var value = await call();
            arrived.TryWrite(at => _calls.Answer(number, at, value, failure: null));
        }
        catch (PipelineStepException failed)
        {
            arrived.TryWrite(at => _calls.Answer(number, at, value: null, failed.Failure));
        }
        catch (Exception fatal)
        {
            arrived.TryComplete(fatal);
        }
    }

    private void Turn(Action action)
    {
        _loop.Turn(action);
        if (_broken is not null)
        {
            throw _broken;
        }
    }

    private void RequireTurn()
    {
        if (!_loop.IsTurning)
        {
            throw NonDeterminismException.Strayed(journal.Name);
        }
    }
}
