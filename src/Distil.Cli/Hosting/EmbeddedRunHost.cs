using System.Collections.Concurrent;
using Distil.Cli.Azurite;
using Distil.Cli.Workspaces;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Hosting.Processes;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Hosting;

/// <summary>Drives runs in this process: their pipelines here, their jobs in child processes.</summary>
/// <remarks>
/// A run outlives the host that drives it: what happened to its pipeline is in its journal, and the next host goes on from there
/// (<see cref="ResumeAsync"/>). No run is driven by two hosts: a driver holds the run's claim. A run that has ended is storage's alone: nothing of it stays here.
/// </remarks>
public sealed class EmbeddedRunHost : IRunHost, IAsyncDisposable
{
    /// <summary>Storage is on this machine and asking is cheap: a job's end is seen within a second.</summary>
    internal static readonly Polling Polling = new() { MaxMilliseconds = 1000 };

    private readonly ConcurrentDictionary<string, Lazy<RunDriver>> _atWork = new();
    private readonly LocalStorage _storage;
    private readonly RunFolder _folder;
    private readonly ProcessJobRunner _runner;
    private readonly ActivityCatalog _activities;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="workspace">Where workers keep their copies.</param>
    /// <param name="storage">Where the runs are.</param>
    /// <param name="trainer">The program of the workers.</param>
    /// <param name="maxJobs">Maximum number of jobs of all runs at once, ≥ 1.</param>
    /// <param name="log">Receives what a user should know and no status contains.</param>
    /// <param name="time">The clock; null is the system's.</param>
    public EmbeddedRunHost(Workspace workspace, LocalStorage storage, TrainerProgram trainer, int maxJobs, ILogger log, TimeProvider? time = null)
    {
        (_storage, Log, _time) = (storage, log, time ?? TimeProvider.System);
        _folder = new RunFolder(storage.Store);
        _runner = new ProcessJobRunner(() => trainer.Worker(storage.ConnectionString, workspace.Cache), maxJobs);
        _runner.Crashed += (_, tail) => LastWords = tail;
        _activities = new ActivityCatalog(storage.Store, _runner);
    }

    /// <value>The end of what the worker said that crashed last; empty where none did.</value>
    public string LastWords { get; private set; } = "";

    /// <value>Receives what a user should know and no status contains.</value>
    internal ILogger Log { get; }

    /// <inheritdoc />
    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (!IsDriving(input.RunId) && await _folder.TryReadStatusAsync(input.RunId, cancel) is not { State: RunState.Succeeded or RunState.Failed or RunState.Cancelled })
        {
            _ = TellFaultAsync(input.RunId, Drive(input));
        }
    }

    /// <inheritdoc />
    /// <exception cref="InvalidInputException">It is not a signal that the pipeline waits for.</exception>
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (signal != DistillPipeline.CancelSignal)
        {
            throw new InvalidInputException($"signal is {signal}; expected {DistillPipeline.CancelSignal}");
        }

        // Where the jobs' pipelines look, whichever process drives them, now or later.
        await new RequestCancel(_storage.Store).RunAsync(runId, cancel);
        if (_atWork.TryGetValue(runId, out var run))
        {
            run.Value.Cancel(value);
        }
    }

    /// <summary>Whether this host drives a run.</summary>
    internal bool IsDriving(string runId) => _atWork.ContainsKey(runId);

    /// <summary>Goes on with a run from where it is: also one that is new, and one that failed without an outcome of its pipeline's.</summary>
    /// <returns>The run at work, whose caller learns of its end.</returns>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    internal async Task<RunDriver> ResumeAsync(string runId, CancellationToken cancel)
    {
        var (spec, plan) = await _folder.ReadAsync(runId, cancel);
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
            Log.RunCannotResume(runId, unreadable.Message);
            return false;
        }
    }

    /// <summary>Stops driving: jobs save a checkpoint and end, and another host can go on.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_atWork.Values.Select(Task (run) => run.Value.Outcome)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _runner.DisposeAsync();
        _stop.Dispose();
    }

    private RunDriver Drive(PipelineInput input)
    {
        Lazy<RunDriver> entry = null!;
        entry = new Lazy<RunDriver>(() =>
        {
            var run = new RunDriver(input with { Polling = Polling }, _storage.Store, _activities.CallAsync, Log, _time);
            run.Begin(_stop.Token);
            _ = run.Outcome.ContinueWith(_ => _atWork.TryRemove(KeyValuePair.Create(input.RunId, entry)), TaskScheduler.Default);
            return run;
        });
        return _atWork.GetOrAdd(input.RunId, entry).Value;
    }

    private async Task TellFaultAsync(string runId, RunDriver run)
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
            Log.RunWasLeft(runId, fault.Message);
        }
    }
}
