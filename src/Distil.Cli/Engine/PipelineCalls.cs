using System.Text.Json;
using Distil.Cli.Engine.Journal;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Cli.Engine;

/// <summary>The calls of one pipeline, and the answers to them.</summary>
/// <param name="journal">For messages.</param>
/// <param name="history">Answers of earlier lives.</param>
internal sealed class PipelineCalls(string journal, IEnumerable<JournalEntry> history)
{
    private readonly Dictionary<int, JournalEntry> _answers = history.Where(entry => entry.Call is not null).ToDictionary(entry => entry.Call!.Value);
    private readonly Dictionary<int, Open> _open = [];
    private readonly Dictionary<string, TaskCompletionSource<JsonElement?>> _signals = [];
    private int _made;

    /// <value>What started in no earlier life, or did not end in it.</value>
    internal IEnumerable<Action> Unanswered => _open.Values.Select(call => call.Start);

    /// <summary>Makes a call.</summary>
    /// <param name="kind">What is called.</param>
    /// <param name="name">Its name.</param>
    /// <param name="inputHash">Hash of what it is given.</param>
    /// <param name="start">Has it done for the call's number; used where no journal holds the answer.</param>
    /// <returns>Completes when the answer is given.</returns>
    /// <exception cref="NonDeterminismException">The journal holds another call in its place.</exception>
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

    /// <summary>Waits for a signal of a name.</summary>
    internal Task<JsonElement?> WaitFor(string signal) => Signal(signal).Task;

    /// <summary>The entry of an answer, not yet numbered.</summary>
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

    /// <summary>Gives the pipeline what happened. Its code goes on before this returns.</summary>
    /// <exception cref="NonDeterminismException">It made no such call.</exception>
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
