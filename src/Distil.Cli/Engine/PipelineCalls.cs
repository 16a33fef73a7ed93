using System.Text.Json;
using Distil.Cli.Engine.Journal;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Cli.Engine;

/// <summary>The calls of one pipeline and their answers.</summary>
/// <param name="journal">The journal's name, for messages.</param>
/// <param name="history">Answers from before the last restart.</param>
internal sealed class PipelineCalls(string journal, IEnumerable<JournalEntry> history)
{
    private readonly Dictionary<int, JournalEntry> _answers = history.Where(entry => entry.Call is not null).ToDictionary(entry => entry.Call!.Value);
    private readonly Dictionary<int, Open> _open = [];
    private readonly Dictionary<string, TaskCompletionSource<JsonElement?>> _signals = [];
    private int _made;

    /// <value>Calls without an answer: those that were not started before the restart, or did not finish.</value>
    internal IEnumerable<Action> Unanswered => _open.Values.Select(call => call.Start);

    /// <summary>Makes a call.</summary>
    /// <param name="kind">The kind of call.</param>
    /// <param name="name">The name of what is called.</param>
    /// <param name="inputHash">Hash of its input.</param>
    /// <param name="start">Starts the call with its number; used if no journal has the answer.</param>
    /// <returns>A task that completes with the answer.</returns>
    /// <exception cref="NonDeterminismException">The journal has another call in its place.</exception>
    internal (Task<JsonElement?> Answer, Action Start) Make(JournalKind kind, string name, string? inputHash, Action<int> start)
    {
        var number = _made++;
        if (_answers.GetValueOrDefault(number) is { } held && (held.Kind, held.Name, held.InputHash) != (kind, name, inputHash))
        {
            throw NonDeterminismException.Differs(journal, number, Describe(held), Describe(kind, name, inputHash));
        }

        var call = new Open(kind, name, inputHash, new TaskCompletionSource<JsonElement?>(), () => start(number));
        _open.Add(number, call);
        return (call.Answer.Task, call.Start);
    }

    /// <summary>Waits for a signal with a given name.</summary>
    internal Task<JsonElement?> WaitFor(string signal) => Signal(signal).Task;

    /// <summary>Creates the entry of an answer, not yet numbered.</summary>
    internal JournalEntry Answer(int number, DateTimeOffset at, JsonElement? value, JobFailure? failure) => new()
    {
        Index = 0,
        Kind = _open[number].Kind,
        Call = number,
        Name = _open[number].Name,
        InputHash = _open[number].InputHash,
        Value = value,
        Failure = failure,
        At = at,
    };

    /// <summary>Passes an event to the pipeline. Its code continues before this returns.</summary>
    /// <exception cref="NonDeterminismException">The pipeline made no such call.</exception>
    internal void Apply(JournalEntry entry)
    {
        if (entry.Kind == JournalKind.Signal)
        {
            Signal(entry.Name).TrySetResult(entry.Value);
            return;
        }

        if (!_open.Remove(entry.Call!.Value, out var call))
        {
            throw NonDeterminismException.Unasked(journal, entry.Call.Value, Describe(entry));
        }

        _answers.Remove(entry.Call.Value);
        if (entry.Failure is { } failure)
        {
            call.Answer.SetException(new PipelineStepException(entry.Name, failure));
        }
        else
        {
            call.Answer.SetResult(entry.Value);
        }
    }

    private static string Describe(JournalEntry entry) => Describe(entry.Kind, entry.Name, entry.InputHash);

    private static string Describe(JournalKind kind, string name, string? inputHash) =>
        $"{(kind == JournalKind.SubPipeline ? "sub-pipeline" : kind.ToString().ToLowerInvariant())} {name}{(inputHash is null ? "" : $" (input {inputHash})")}";

    private TaskCompletionSource<JsonElement?> Signal(string name)
    {
        if (!_signals.TryGetValue(name, out var signal))
        {
            _signals.Add(name, signal = new TaskCompletionSource<JsonElement?>());
        }

        return signal;
    }

    private sealed record Open(JournalKind Kind, string Name, string? InputHash, TaskCompletionSource<JsonElement?> Answer, Action Start);
}
