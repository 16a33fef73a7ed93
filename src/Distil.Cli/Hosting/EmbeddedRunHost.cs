using System.Collections.Concurrent;
using Distil.Cli.Azurite;
using Distil.Core.Api;
using Distil.Core.Errors;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Hosting;

/// <summary>Drives runs in this process: their pipelines here, their jobs in child processes.</summary>
/// <remarks>
/// A run outlives the host that drives it: what happened to its pipeline is in its journal, and the next host goes on from there
/// (<see cref="ResumeAsync"/>). No run is driven by two hosts: a driver holds the run's claim.
/// </remarks>
public sealed class EmbeddedRunHost : IRunHost, IAsyncDisposable
{
    /// <summary>Storage is on this machine and asking is cheap: a job's end is seen within a second.</summary>
    private static readonly Polling Polling = new() { MostMilliseconds = 1000 };

    private readonly ConcurrentDictionary<string, Lazy<Entry>> runs = new();
    private readonly LocalStorage storage;
    private readonly RunFolder folder;
    private readonly ProcessJobRunner runner;
    private readonly ActivityCatalog activities;
    private readonly TimeProvider time;
    private readonly CancellationTokenSource stop = new();

    /// <param name="workspace">Where workers keep their copies.</param>
    /// <param name="storage">Where the runs are.</param>
    /// <param name="mostJobs">Most jobs of all runs at once, ≥ 1.</param>
    /// <param name="time">The clock; null is the system's.</param>
    public EmbeddedRunHost(Workspace workspace, LocalStorage storage, int mostJobs, TimeProvider? time = null)
    {
        (this.storage, this.time) = (storage, time ?? TimeProvider.System);
        folder = new RunFolder(storage.Store);
        runner = new ProcessJobRunner(() => TrainerProgram.Worker(storage.ConnectionString, workspace.Cache), mostJobs);
        runner.Crashed += (_, tail) => LastWords = tail;
        activities = new ActivityCatalog(storage.Store, runner);
    }

    /// <value>The end of what the worker said that crashed last; empty where none did.</value>
    public string LastWords { get; private set; } = "";

    /// <value>Told what a user should know and no status says, in a sentence. By default the error stream is.</value>
    public Action<string> Report { get; init; } = Console.Error.WriteLine;

    /// <inheritdoc />
    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (!runs.ContainsKey(input.RunId) && await folder.TryReadStatusAsync(input.RunId, cancel) is not { State: RunState.Succeeded or RunState.Failed or RunState.Cancelled })
            Drive(input);
    }

    /// <inheritdoc />
    /// <exception cref="InvalidInputException">It is not a signal that the pipeline waits for.</exception>
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (signal != DistillPipeline.CancelSignal)
            throw new InvalidInputException($"signal is {signal}; expected {DistillPipeline.CancelSignal}");

        // Where the jobs' pipelines look, whichever process drives them, now or later.
        await new RequestCancel(storage.Store).RunAsync(runId, cancel);
        if (runs.TryGetValue(runId, out var entry))
            entry.Value.Run.Cancel(value);
    }

    /// <summary>Goes on with a run, also one that failed without an outcome of its pipeline's.</summary>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    public async Task ResumeAsync(string runId, CancellationToken cancel)
    {
        var (spec, plan) = (await folder.ReadSpecAsync(runId, cancel), await folder.ReadPlanAsync(runId, cancel));
        Drive(PipelineInput.From(spec, plan));
    }

    /// <summary>Goes on with every run that has not ended and that no other process drives.</summary>
    /// <returns>Their ids, oldest first.</returns>
    public async Task<IReadOnlyList<string>> ResumeAllAsync(CancellationToken cancel)
    {
        var unfinished = await UnfinishedAsync(folder, cancel);
        foreach (var runId in unfinished)
            await ResumeAsync(runId, cancel);

        return unfinished;
    }

    /// <summary>The runs that have not ended, oldest first.</summary>
    public static async Task<IReadOnlyList<string>> UnfinishedAsync(RunFolder folder, CancellationToken cancel) =>
        [.. from run in (await folder.ListAsync(cancel)).Reverse() where run.State is not (RunState.Succeeded or RunState.Failed or RunState.Cancelled) select run.RunId];

    /// <summary>Waits for the end of a run that was scheduled here.</summary>
    /// <exception cref="DrivenElsewhereException">Another process drives it.</exception>
    /// <exception cref="OperationCanceledException">This host was told to end; the run is not at its end.</exception>
    public Task<RunOutcome> WaitAsync(string runId) => runs[runId].Value.Driving;

    /// <summary>The latest status of a run that this process drives; null where it has none yet.</summary>
    public RunStatus? Latest(string runId) => runs.TryGetValue(runId, out var entry) ? entry.Value.Run.Latest : null;

    /// <summary>Stops driving: jobs save a checkpoint and end, and another host can go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(runs.Values.Select(Task (entry) => entry.Value.Driving)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await runner.DisposeAsync();
        stop.Dispose();
    }

    // One that this host could not drive before is tried anew.
    private void Drive(PipelineInput input) => _ = runs.AddOrUpdate(
        input.RunId,
        _ => New(input),
        (_, known) => known.Value.Driving is { IsFaulted: true } or { IsCanceled: true } ? New(input) : known).Value;

    private Lazy<Entry> New(PipelineInput input) => new(() =>
    {
        var run = new DrivenRun(input with { Polling = Polling }, storage.Store, activities.CallAsync, Report, time);
        return new Entry(run, Task.Run(() => run.DriveAsync(stop.Token)));
    });

    private sealed record Entry(DrivenRun Run, Task<RunOutcome> Driving);
}
