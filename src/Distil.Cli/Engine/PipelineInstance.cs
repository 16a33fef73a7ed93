using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Artifacts;

namespace Distil.Cli.Engine;

/// <summary>One running pipeline: its journal, its code, and the events from outside.</summary>
/// <remarks>
/// Events from outside arrive in <see cref="_arrived"/>; each is journaled and then passed to the code, one entry per turn. At first the entries are the
/// journal's own, and the calls that they answer are not made again.
/// </remarks>
/// <param name="engine">Makes the calls.</param>
/// <param name="runId">The run.</param>
/// <param name="path">The pipeline's path in the run: <c>run</c>, or the names of sub-pipelines.</param>
/// <param name="stop">Interrupts the pipeline; it can be resumed later.</param>
internal sealed class PipelineInstance(EmbeddedEngine engine, string runId, string path, CancellationToken stop)
{
    private readonly Channel<Func<DateTimeOffset, JournalEntry>> _arrived =
        Channel.CreateUnbounded<Func<DateTimeOffset, JournalEntry>>(new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Runs a pipeline to its end, from the position in its journal.</summary>
    /// <exception cref="NonDeterminismException">It differs from its journal.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    internal async Task<JsonElement> RunAsync(string pipeline, JsonElement input)
    {
        var journal = await engine.OpenJournalAsync(runId, path, stop);
        var start = await StartAsync(journal, pipeline, input);
        var context = new EngineContext(engine, runId, path, journal, _arrived.Writer, stop);
        var work = context.Begin(start);
        foreach (var entry in journal.History.Skip(1))
        {
            context.Apply(entry);
        }

        context.GoLive();
        while (!work.IsCompleted)
        {
            foreach (var entry in await journal.AppendAsync(await TakeArrivedAsync(context.Now), stop))
            {
                context.Apply(entry);
            }
        }

        return await work;
    }

    /// <summary>Sends the pipeline a signal from outside.</summary>
    internal void Raise<T>(string name, T value)
    {
        var json = JsonSerializer.SerializeToElement(value, DistilJson.Options);
        _arrived.Writer.TryWrite(at => new JournalEntry { Index = 0, Kind = JournalKind.Signal, Name = name, Value = json, At = at });
    }

    /// <summary>A short hash that distinguishes inputs.</summary>
    internal static string Hash(JsonElement input) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(input, DistilJson.Options)).AsSpan(0, 6));

    // The input with which the pipeline began is used. A run may be requested again in other words, but a part of it may not.
    private async Task<JournalEntry> StartAsync(PipelineJournal journal, string pipeline, JsonElement input)
    {
        var hash = Hash(input);
        var begin = new JournalEntry
        {
            Version = DocumentVersion.Pipeline,
            Index = 0,
            Kind = JournalKind.Start,
            Name = pipeline,
            InputHash = hash,
            Value = input,
            At = engine.Time.GetUtcNow(),
        };
        var start = journal.History.Count > 0 ? journal.History[0] : (await journal.AppendAsync([begin], stop))[0];
        return start.Kind == JournalKind.Start && start.Name == pipeline && (start.InputHash == hash || path == EmbeddedEngine.Root)
            ? start
            : throw NonDeterminismException.OtherInput(journal.Name, $"{start.Name} (input {start.InputHash})", $"{pipeline} (input {hash})");
    }

    // A clock may be set back; a pipeline's time never decreases.
    private async Task<List<JournalEntry>> TakeArrivedAsync(DateTimeOffset before)
    {
        await _arrived.Reader.WaitToReadAsync(stop);
        var entries = new List<JournalEntry>();
        while (_arrived.Reader.TryRead(out var arrival))
        {
            entries.Add(arrival(engine.Time.GetUtcNow() is var now && now > before ? now : before));
        }

        return entries;
    }
}
