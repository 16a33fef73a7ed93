using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using System.Threading.Channels;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Engine;

/// <summary>One pipeline at work: its code, its journal, and what it waits for.</summary>
/// <remarks>
/// What happens outside arrives in <see cref="arrived"/>; it is journaled, then given to the code, one entry a turn. In the beginning the entries are the
/// journal's own, and the calls that they answer are not made again.
/// </remarks>
internal sealed class PipelineInstance : IPipelineContext
{
    private readonly EmbeddedEngine engine;
    private readonly string path;
    private readonly CancellationToken stop;
    private readonly PipelineLoop loop;
    private readonly Channel<Func<JournalEntry>> arrived = Channel.CreateUnbounded<Func<JournalEntry>>(new UnboundedChannelOptions { SingleReader = true });
    private PipelineJournal journal = null!;
    private PipelineCalls calls = null!;
    private RunStatus? status;
    private NonDeterminismException? broken;
    private bool replaying = true;

    /// <param name="engine">Does the calls.</param>
    /// <param name="runId">The run.</param>
    /// <param name="path">Where the pipeline stands in the run: <c>run</c>, or the names of sub-pipelines.</param>
    /// <param name="stop">Leaves the pipeline where it is, for another life.</param>
    internal PipelineInstance(EmbeddedEngine engine, string runId, string path, CancellationToken stop)
    {
        (this.engine, RunId, this.path, this.stop) = (engine, runId, path, stop);
        loop = new PipelineLoop(() => Fault(NonDeterminismException.Strayed(journal.Name)));
    }

    /// <inheritdoc />
    public string RunId { get; }

    /// <inheritdoc />
    public DateTimeOffset Now { get; private set; }

    /// <summary>Runs a pipeline to its end, from where its journal says it stands.</summary>
    /// <exception cref="NonDeterminismException">It does not do what the journal holds.</exception>
    /// <exception cref="OperationCanceledException">Stopped.</exception>
    internal async Task<JsonElement> RunAsync(string pipeline, JsonElement input)
    {
        journal = await engine.OpenJournalAsync(RunId, path, stop);
        calls = new PipelineCalls(journal.Name, journal.History);
        input = await StartAsync(pipeline, input);
        Task<JsonElement> work = null!;
        Turn(() => work = PipelineCatalog.RunAsync(pipeline, this, input));
        foreach (var entry in journal.History.Skip(1))
            Apply(entry);

        GoLive();
        while (!work.IsCompleted)
            await TakeArrivedAsync();

        return await work;
    }

    /// <summary>Gives the pipeline a signal from outside.</summary>
    internal void Raise<T>(string name, T value)
    {
        var json = JsonSerializer.SerializeToElement(value, DistilJson.Options);
        arrived.Writer.TryWrite(() => new JournalEntry { Index = 0, Kind = JournalKind.Signal, Name = name, Value = json, At = Later() });
    }

    /// <inheritdoc />
    public Task<TOutput> CallActivityAsync<TInput, TOutput>(string activity, TInput input) =>
        CallAsync<TInput, TOutput>(JournalKind.Activity, activity, input, json => engine.CallActivityAsync(activity, json, stop));

    /// <inheritdoc />
    public Task<TOutput> CallSubPipelineAsync<TInput, TOutput>(string name, string pipeline, TInput input) =>
        CallAsync<TInput, TOutput>(JournalKind.SubPipeline, name, input, json => new PipelineInstance(engine, RunId, EmbeddedEngine.PathOf(path, name), stop).RunAsync(pipeline, json));

    /// <inheritdoc />
    public async Task DelayAsync(TimeSpan time)
    {
        var due = Now + time;
        await MakeAsync(JournalKind.Timer, time.TotalSeconds.ToString("0.###", CultureInfo.InvariantCulture), inputHash: null, async () =>
        {
            if (due - engine.Time.GetUtcNow() is var left && left > TimeSpan.Zero)
                await Task.Delay(left, engine.Time, stop);

            return null;
        });
    }

    /// <inheritdoc />
    public async Task<T> WaitForSignalAsync<T>(string name)
    {
        RequireTurn();
        return (await calls.WaitFor(name))!.Value.Deserialize<T>(DistilJson.Options)!;
    }

    /// <inheritdoc />
    public void SetStatus(RunStatus status)
    {
        RequireTurn();
        this.status = status;
        if (!replaying)
            engine.Publish(status);
    }

    /// <summary>Tells inputs apart, in a few letters.</summary>
    internal static string Hash(JsonElement input) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(input, DistilJson.Options)).AsSpan(0, 6));

    // The input that counts is the one that the pipeline began with. A run may be asked for again in other words; a part of it may not.
    private async Task<JsonElement> StartAsync(string pipeline, JsonElement input)
    {
        var hash = Hash(input);
        var begin = new JournalEntry { Index = 0, Kind = JournalKind.Start, Name = pipeline, InputHash = hash, Value = input, At = engine.Time.GetUtcNow() };
        var start = journal.History.Count > 0 ? journal.History[0] : (await journal.AppendAsync([begin], stop))[0];
        if (start.Kind != JournalKind.Start || start.Name != pipeline || (start.InputHash != hash && path != EmbeddedEngine.Root))
            throw NonDeterminismException.OtherInput(journal.Name, $"{start.Name} (input {start.InputHash})", $"{pipeline} (input {hash})");

        Now = start.At;
        return start.Value!.Value;
    }

    private async Task<TOutput> CallAsync<TInput, TOutput>(JournalKind kind, string name, TInput input, Func<JsonElement, Task<JsonElement>> call)
    {
        var json = JsonSerializer.SerializeToElement(input, DistilJson.Options);
        var answer = await MakeAsync(kind, name, Hash(json), async () => await call(json));
        return answer!.Value.Deserialize<TOutput>(DistilJson.Options)!;
    }

    private Task<JsonElement?> MakeAsync(JournalKind kind, string name, string? inputHash, Func<Task<JsonElement?>> call)
    {
        RequireTurn();
        try
        {
            var (answer, start) = calls.Make(kind, name, inputHash, number => _ = Task.Run(() => DoAsync(number, call), CancellationToken.None));
            if (!replaying)
                start();

            return answer;
        }
        catch (NonDeterminismException other)
        {
            broken = other; // whatever the pipeline makes of it
            throw;
        }
    }

    private async Task DoAsync(int number, Func<Task<JsonElement?>> call)
    {
        try
        {
            Arrive(number, await call(), failure: null);
        }
        catch (PipelineStepException failed)
        {
            Arrive(number, value: null, failed.Failure);
        }
        catch (Exception fatal)
        {
            Fault(fatal);
        }
    }

    private void Arrive(int number, JsonElement? value, JobFailure? failure) =>
        arrived.Writer.TryWrite(() => calls.Answer(number, Later(), value, failure));

    // A clock may be set back; a pipeline's time never goes back.
    private DateTimeOffset Later() => engine.Time.GetUtcNow() is var now && now > Now ? now : Now;

    private void Fault(Exception fatal) => arrived.Writer.TryComplete(fatal);

    private void GoLive()
    {
        replaying = false;
        if (status is not null)
            engine.Publish(status);

        foreach (var start in calls.Unanswered.ToList())
            start();
    }

    private async Task TakeArrivedAsync()
    {
        await arrived.Reader.WaitToReadAsync(stop);
        var entries = new List<JournalEntry>();
        while (arrived.Reader.TryRead(out var arrival))
            entries.Add(arrival());

        foreach (var entry in await journal.AppendAsync(entries, stop))
            Apply(entry);
    }

    private void Apply(JournalEntry entry)
    {
        Now = entry.At;
        Turn(() => calls.Apply(entry));
    }

    private void Turn(Action action)
    {
        loop.Turn(action);
        if (broken is not null)
            throw broken;
    }

    private void RequireTurn()
    {
        if (!loop.IsTurning)
            throw NonDeterminismException.Strayed(journal.Name);
    }
}
