using Azure;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Engine.Journal;

/// <summary>The history of one pipeline: it is read when the pipeline starts, and an event is appended before the pipeline acts on it.</summary>
internal sealed class PipelineJournal
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private readonly IJournalLog _log;
    private readonly TimeProvider _time;
    private int _next;
    private bool _clean;

    private PipelineJournal(IJournalLog log, JournalText text, TimeProvider time)
    {
        (_log, _time) = (log, time);
        (History, _next, _clean) = (text.Entries, text.Entries.Count, text.EndsCleanly);
    }

    /// <value>The journal's name, for messages.</value>
    internal string Name => _log.Name;

    /// <value>The events before the last restart.</value>
    internal IReadOnlyList<JournalEntry> History { get; }

    /// <summary>Opens a journal. If it is damaged in the middle, it is cut there and the steps after it run again, which is safe, because each step may run
    /// twice.</summary>
    /// <param name="bytes">The journal's bytes.</param>
    /// <param name="log">Receives a line if it is damaged.</param>
    /// <param name="time">The clock for delays.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="Core.Errors.InvalidInputException">Another version of distil wrote to it; the journal is not changed.</exception>
    internal static async Task<PipelineJournal> OpenAsync(IJournalLog bytes, ILogger log, TimeProvider time, CancellationToken cancel)
    {
        var text = await ReadAsync(bytes, time, cancel);
        if (text.Foreign is not null)
        {
            throw DocumentVersion.Refuse(bytes.Name, text.Foreign);
        }

        if (text.Damage is not null)
        {
            log.JournalIsDamaged(bytes.Name, text.Damage);
            var whole = text.Entries.SelectMany(JournalLine.Write).ToArray();
            await PersistAsync(() => bytes.ReplaceAsync(whole, cancel), time, cancel);
            text = text with { EndsCleanly = true };
        }

        return new PipelineJournal(bytes, text, time);
    }

    /// <summary>Numbers and appends entries; returns when they are stored. If storage is unavailable, it waits.</summary>
    internal async Task<IReadOnlyList<JournalEntry>> AppendAsync(IEnumerable<JournalEntry> entries, CancellationToken cancel)
    {
        var numbered = entries.Select((entry, i) => entry with { Index = _next + i }).ToList();
        var lines = numbered.SelectMany(JournalLine.Write);
        byte[] block = [.. _clean ? lines : lines.Prepend((byte)'\n')];
        await PersistAsync(() => _log.AppendAsync(block, cancel), _time, cancel);
        _next += numbered.Count;
        _clean = true;
        return numbered;
    }

    private static async Task<JournalText> ReadAsync(IJournalLog log, TimeProvider time, CancellationToken cancel)
    {
        byte[] content = [];
        await PersistAsync(async () => content = await log.ReadAsync(cancel), time, cancel);
        return JournalText.Parse(content);
    }

    private static async Task PersistAsync(Func<Task> step, TimeProvider time, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                await step();
                return;
            }
            catch (Exception away) when (away is AggregateException or RequestFailedException { Status: 0 or 408 or 429 or >= 500 })
            {
                await Task.Delay(Pause, time, cancel);
            }
        }
    }
}
