using System.Collections.Concurrent;
using Distil.Cli.Azurite;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Hosting.Processes;

namespace Distil.Cli.Hosting;

/// <summary>Drives runs in this process: their pipelines here, their jobs in child processes.</summary>
/// <remarks>
/// A run outlives the host that drives it: what happened to its pipeline is in its journal, and the next host goes on from there
/// (<see cref="ResumeAsync"/>). No run is driven by two hosts: a driver holds the run's claim. A run that has ended is storage's alone: nothing of it stays here.
/// </remarks>
public sealed class EmbeddedRunHost : IRunHost, IAsyncDisposable
{
    /// <summary>Storage is on this machine and asking is cheap: a job's end is seen within a second.</summary>
    internal static readonly Polling Polling = new() { MostMilliseconds = 1000 };

    private readonly ConcurrentDictionary<string, Lazy<DrivenRun>> atWork = new();
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
        if (!IsDriving(input.RunId) && await folder.TryReadStatusAsync(input.RunId, cancel) is not { State: RunState.Succeeded or RunState.Failed or RunState.Cancelled })
            _ = TellFaultAsync(input.RunId, Drive(input));
    }

    /// <inheritdoc />
    /// <exception cref="InvalidInputException">It is not a signal that the pipeline waits for.</exception>
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (signal != DistillPipeline.CancelSignal)
            throw new InvalidInputException($"signal is {signal}; expected {DistillPipeline.CancelSignal}");

        // Where the jobs' pipelines look, whichever process drives them, now or later.
        await new RequestCancel(storage.Store).RunAsync(runId, cancel);
        if (atWork.TryGetValue(runId, out var run))
            run.Value.Cancel(value);
    }

    /// <summary>Whether this host drives a run.</summary>
    internal bool IsDriving(string runId) => atWork.ContainsKey(runId);

    /// <summary>Goes on with a run from where it is: also one that is new, and one that failed without an outcome of its pipeline's.</summary>
    /// <returns>The run at work, whose caller learns of its end.</returns>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    internal async Task<DrivenRun> ResumeAsync(string runId, CancellationToken cancel)
    {
        var (spec, plan) = await folder.ReadAsync(runId, cancel);
        return Drive(PipelineInput.From(spec, plan));
    }

    /// <summary>The same where nobody waits for its end: what keeps it from one is reported.</summary>
    /// <returns>Whether it was begun.</returns>
    internal async Task<bool> TryResumeAsync(string runId, CancellationToken cancel)
    {
        try
        {
            _ = TellFaultAsync(runId, await ResumeAsync(runId, cancel));
            return true;
        }
        catch (Exception unreadable) when (unreadable is ArtifactException or InvalidInputException)
        {
            Report($"{runId} cannot go on: {unreadable.Message}");
            return false;
        }
    }

    /// <summary>Stops driving: jobs save a checkpoint and end, and another host can go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await Task.WhenAll(atWork.Values.Select(Task (run) => run.Value.Outcome)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await runner.DisposeAsync();
        stop.Dispose();
    }

    private DrivenRun Drive(PipelineInput input)
    {
        Lazy<DrivenRun> entry = null!;
        entry = new Lazy<DrivenRun>(() =>
        {
            var run = new DrivenRun(input with { Polling = Polling }, storage.Store, activities.CallAsync, Report, time);
            run.Begin(stop.Token);
            _ = run.Outcome.ContinueWith(_ => atWork.TryRemove(KeyValuePair.Create(input.RunId, entry)), TaskScheduler.Default);
            return run;
        });
        return atWork.GetOrAdd(input.RunId, entry).Value;
    }

    private async Task TellFaultAsync(string runId, DrivenRun run)
    {
        try
        {
            await run.Outcome;
        }
        catch (Exception left) when (left is OperationCanceledException or DrivenElsewhereException)
        {
            // This host ends, or another has the run.
        }
        catch (Exception fault)
        {
            Report($"{runId} was left where it is: {fault.Message}");
        }
    }
}
