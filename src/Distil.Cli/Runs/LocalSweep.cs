using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Hosting;
using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification;
using Distil.Hosting.Processes;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Runs;

/// <summary>A sweep in this process: some of its runs run at once, and shared datasets and teacher outputs are created once.</summary>
/// <param name="workspace">The workspace for copies of results.</param>
/// <param name="storage">The storage of the runs.</param>
/// <param name="trainer">Runs the jobs.</param>
/// <param name="progress">Receives the progress of the runs, in lines that begin with the run's name.</param>
/// <param name="log">Receives messages for people.</param>
internal sealed class LocalSweep(Workspace workspace, LocalStorage storage, TrainerProgram trainer, TextWriter progress, ILogger log)
{
    private readonly RunFolder _folder = new(storage.Store);

    /// <summary>Executes all runs of a new sweep.</summary>
    /// <param name="sweepId">The sweep's id.</param>
    /// <param name="runs">Its runs.</param>
    /// <param name="atMost">Maximum number of runs at once, ≥ 1.</param>
    /// <param name="stop">Interrupts the runs; the sweep can be resumed.</param>
    /// <exception cref="RunInterruptedException">The sweep was interrupted.</exception>
    internal async Task<SweepResult> ExecuteAsync(string sweepId, IReadOnlyList<SweepRun> runs, int atMost, CancellationToken stop)
    {
        foreach (var run in runs)
        {
            await _folder.CreateAsync(run.Spec, run.Plan, stop);
        }

        var document = new SweepDocument { SweepId = sweepId, RunIds = [.. runs.Select(run => run.Plan.RunId)] };
        await storage.Store.WriteJsonAsync(ArtifactLayout.Sweep(sweepId), document, stop);
        return await DriveAsync(sweepId, runs, atMost, stop);
    }

    /// <summary>Resumes an interrupted sweep; returns null if there is none with that id.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    internal async Task<SweepResult?> TryResumeAsync(string sweepId, int atMost, CancellationToken stop)
    {
        if (await storage.Store.TryReadJsonAsync<SweepDocument>(ArtifactLayout.Sweep(sweepId), stop) is not { } document)
        {
            return null;
        }

        var runs = new List<SweepRun>();
        foreach (var runId in document.RunIds)
        {
            var (spec, plan) = await _folder.ReadAsync(runId, stop);
            runs.Add(new SweepRun(spec, plan));
        }

        return await DriveAsync(sweepId, runs, atMost, stop);
    }

    /// <summary>Resumes a sweep, and lets its runs go on that failed or were cancelled; returns null if there is none with that id.</summary>
    /// <inheritdoc cref="ExecuteAsync"/>
    internal async Task<SweepResult?> TryRetryAsync(string sweepId, int atMost, CancellationToken stop)
    {
        var document = await storage.Store.TryReadJsonAsync<SweepDocument>(ArtifactLayout.Sweep(sweepId), stop);
        foreach (var runId in document?.RunIds ?? [])
        {
            if (await _folder.TryReadStatusAsync(runId, stop) is { State: RunState.Failed or RunState.Cancelled })
            {
                await new RunRetry(storage.Store).PrepareAsync(runId, stop);
            }
        }

        return document is null ? null : await TryResumeAsync(sweepId, atMost, stop);
    }

    private async Task<SweepResult> DriveAsync(string sweepId, IReadOnlyList<SweepRun> runs, int atMost, CancellationToken stop)
    {
        var shared = new SharedArtifacts(runs, storage.Store, TimeProvider.System);
        using var places = new SemaphoreSlim(atMost);
        await using var host = new EmbeddedRunHost(workspace, storage, trainer, atMost * runs.Max(run => run.Spec.Compute.TeachParallelism), log);
        try
        {
            return new SweepResult(sweepId, await Task.WhenAll(runs.Select(run => DriveAsync(host, run, shared, places, stop))));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            throw new RunInterruptedException(sweepId);
        }
    }

    private async Task<SweepOutcome> DriveAsync(EmbeddedRunHost host, SweepRun run, SharedArtifacts shared, SemaphoreSlim places, CancellationToken stop)
    {
        var runId = run.Plan.RunId;
        await shared.WaitAsync(run, stop);
        await places.WaitAsync(stop);
        try
        {
            var began = Stopwatch.GetTimestamp();
            var outcome = await DriveAsync(host, run, shared, stop);
            return outcome.State == RunState.Succeeded
                ? new SweepOutcome(run, await FinishedRun.CollectAsync(workspace, storage.Store, runId, Stopwatch.GetElapsedTime(began).TotalSeconds, stop))
                : new SweepOutcome(run, Result: null, outcome.Failure?.Message ?? "it was cancelled; its checkpoints are kept");
        }
        finally
        {
            places.Release();
        }
    }

    private async Task<RunOutcome> DriveAsync(EmbeddedRunHost host, SweepRun run, SharedArtifacts shared, CancellationToken stop)
    {
        var runId = run.Plan.RunId;
        if (await _folder.TryReadStatusAsync(runId, stop) is { State: RunState.Succeeded } ended)
        {
            await shared.WatchAsync(run, Task.CompletedTask);
            return new RunOutcome(ended.State);
        }

        var driven = await host.ResumeAsync(runId, stop);
        var watching = shared.WatchAsync(run, driven.Outcome);
        var view = new PlainRunView(progress, TimeProvider.System, $"[{run.Spec.Name}] ");
        await view.ShowAsync(
            () => StatusAndProgress.TryReadAsync(storage.Store, driven.Latest), Task.WhenAny(driven.Outcome, Task.Delay(Timeout.Infinite, stop)));
        stop.ThrowIfCancellationRequested();
        await watching;
        return await driven.Outcome;
    }
}

/// <summary>A run of a sweep.</summary>
/// <param name="Spec">The specification.</param>
/// <param name="Plan">The plan.</param>
internal sealed record SweepRun(RunSpec Spec, RunPlan Plan);

/// <summary>The outcome of a sweep's run.</summary>
/// <param name="Run">The run.</param>
/// <param name="Result">Its result; null if it did not succeed.</param>
/// <param name="Failure">Why it did not succeed; null if it did.</param>
internal sealed record SweepOutcome(SweepRun Run, FinishedRun? Result, string? Failure = null);

/// <summary>The outcome of a sweep.</summary>
/// <param name="SweepId">The sweep.</param>
/// <param name="Outcomes">The outcomes of its runs, in order.</param>
internal sealed record SweepResult(string SweepId, IReadOnlyList<SweepOutcome> Outcomes);
