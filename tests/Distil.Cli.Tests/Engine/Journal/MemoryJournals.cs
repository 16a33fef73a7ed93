using System.Collections.Concurrent;
using Distil.Cli.Engine.Journal;

namespace Distil.Cli.Tests.Engine.Journal;

/// <summary>Journals in memory; a test may cut, damage or count them.</summary>
internal sealed class MemoryJournals
{
    /// <value>The journals by the pipeline's path.</value>
    public ConcurrentDictionary<string, byte[]> Logs { get; } = new();

    /// <value>Called before bytes are appended to a journal.</value>
    public Action<string> OnAppend { get; set; } = _ => { };

    public IJournalLog Open(string runId, string path) => new Log(this, path);

    public IReadOnlyList<JournalEntry> Entries(string path) => JournalText.Parse(Logs[path]).Entries;

    /// <summary>Creates independent copies of the journals.</summary>
    public MemoryJournals Copy()
    {
        var copy = new MemoryJournals();
        foreach (var (path, log) in Logs)
        {
            copy.Logs[path] = log;
        }

        return copy;
    }

    private sealed class Log(MemoryJournals journals, string path) : IJournalLog
    {
        public string Name => $"journal/{path}.jsonl";

        public Task<byte[]> ReadAsync(CancellationToken cancel) => Task.FromResult(journals.Logs.GetValueOrDefault(path) ?? []);

        public Task AppendAsync(byte[] bytes, CancellationToken cancel)
        {
            journals.OnAppend(path);
            journals.Logs.AddOrUpdate(path, bytes, (_, old) => [.. old, .. bytes]);
            return Task.CompletedTask;
        }

        public Task ReplaceAsync(byte[] bytes, CancellationToken cancel)
        {
            journals.Logs[path] = bytes;
            return Task.CompletedTask;
        }
    }
}
