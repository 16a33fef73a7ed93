using System.Collections.Concurrent;
using Distil.Cli.Azurite;
using Distil.Cli.Workspaces;
using Distil.Core.Api;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Hosting.Processes;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Hosting;

/// <summary>Drives runs in this process: their pipelines here, their jobs in child processes.</summary>
/// <remarks>
/// A run outlives the host that drives it: the events of its pipeline are in its journal, from which the next host resumes (<see cref="ResumeAsync"/>). No
/// two hosts drive the same run, because a driver holds the run's lease. Once a run has ended, this host retains nothing of it.
/// </remarks>
public sealed class EmbeddedRunHost : IRunHost, IAsyncDisposable
{
    /// <summary>Storage is on this machine and polling is cheap: a job's end is noticed within a second.</summary>
    internal static readonly Polling Polling = new() { MaxMilliseconds = 1000 };

    private readonly ConcurrentDictionary<string, Lazy<RunDriver>> _atWork = new();
    private readonly Workspace _workspace;
    private readonly LocalStorage _storage;
    private readonly RunFolder _folder;
    private readonly ProcessJobRunner _runner;
    private readonly ActivityCatalog _activities;
    private readonly DiskSpace _space;
    private readonly ArtifactCache _cache;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();

    /// <param name="workspace">The workspace for the workers' copies.</param>
    /// <param name="storage">The storage of the runs.</param>
    /// <param name="trainer">The program of the workers.</param>
    /// <param name="maxJobs">Maximum number of jobs of all runs at once, ≥ 1.</param>
    /// <param name="log">Receives what a user should know and no status contains.</param>
    /// <param name="time">The clock; null for the system's.</param>
    public EmbeddedRunHost(Workspace workspace, LocalStorage storage, TrainerProgram trainer, int maxJobs, ILogger log, TimeProvider? time = null)
    {
        (_workspace, _storage, Log, _time) = (workspace, storage, log, time ?? TimeProvider.System);
        _folder = new RunFolder(storage.Store);
        _space = DiskSpace.Of(workspace, storage.IsLocal);
        _cache = new ArtifactCache(workspace.Cache);
        _runner = new ProcessJobRunner(() => trainer.Worker(storage.ConnectionString, workspace.Cache), maxJobs);
        _runner.Crashed += (_, tail) => LastWords = tail;
        _activities = new ActivityCatalog(storage.Store, _runner);
    }

    /// <value>The end of the output of the worker that crashed last; empty if none did.</value>
    public string LastWords { get; private set; } = "";

    /// <value>Receives what a user should know and no status contains.</value>
    internal ILogger Log { get; }

    /// <inheritdoc />
    public async Task ScheduleAsync(PipelineInput input, CancellationToken cancel)
    {
        if (!IsDriving(input.RunId) && await _folder.TryReadStatusAsync(input.RunId, cancel) is not { HasEnded: true })
        {
            _ = TellFaultAsync(input.RunId, Drive(input));
        }
    }

    /// <inheritdoc />
    public async Task RestartAsync(PipelineInput input, CancellationToken cancel)
    {
        if (_atWork.TryGetValue(input.RunId, out var ended))
        {
            await ((Task)ended.Value.Outcome).WaitAsync(cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _atWork.TryRemove(KeyValuePair.Create(input.RunId, ended));
        }

        _ = TellFaultAsync(input.RunId, Drive(input));
    }

    /// <inheritdoc />
    public Task ForgetAsync(string runId, CancellationToken cancel)
    {
        _workspace.DeleteCopies(runId);
        return Task.CompletedTask;
    }

    /// <inheritdoc />
    /// <exception cref="InvalidInputException">The pipeline does not wait for this signal.</exception>
    public async Task SignalAsync(string runId, string signal, string value, CancellationToken cancel)
    {
        if (signal != DistillPipeline.CancelSignal)
        {
            throw new InvalidInputException($"signal is {signal}; expected {DistillPipeline.CancelSignal}");
        }

        // The jobs' pipelines look for it there, whichever process drives them, now or later.
        await new RequestCancel(_storage.Store).RunAsync(runId, cancel);
        if (_atWork.TryGetValue(runId, out var run))
        {
            run.Value.Cancel(value);
        }
    }

    /// <summary>Whether this host drives a run.</summary>
    internal bool IsDriving(string runId) => _atWork.ContainsKey(runId);

    /// <summary>Resumes a run from its present state; also starts a new one, and one that failed without an outcome of its pipeline.</summary>
    /// <returns>The driver of the run, which reports its end.</returns>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    internal async Task<RunDriver> ResumeAsync(string runId, CancellationToken cancel)
    {
        return Drive(await _folder.ReadInputAsync(runId, cancel));
    }

    /// <summary>Resumes a run if nobody waits for its end; errors are logged.</summary>
    /// <returns>Whether it was resumed.</returns>
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

    /// <summary>Stops driving: jobs save a checkpoint and end, and another host can resume the runs.</summary>
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
            var run = new RunDriver(input with { Polling = Polling }, _storage.Store, _activities.CallAsync, _space, _cache, Log, _time);
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
            // This host ends, or another host has taken over the run.
        }
        catch (Exception fault)
        {
            Log.RunWasLeft(runId, fault.Message);
        }
    }
}
