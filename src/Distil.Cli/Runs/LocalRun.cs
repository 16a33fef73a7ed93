using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Hosting;
using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Hosting.Processes;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Runs;

/// <summary>A run in this process: its pipeline runs here, its jobs in child processes.</summary>
internal sealed class LocalRun(Workspace workspace, LocalStorage storage, TrainerProgram trainer, IRunView view, ILogger log)
{
    private readonly RunFolder _folder = new(storage.Store);

    /// <summary>Executes a new run and collects its result.</summary>
    /// <param name="spec">The specification.</param>
    /// <param name="plan">The plan.</param>
    /// <param name="stop">Interrupts the run; its checkpoints are not deleted, and it can be resumed.</param>
    /// <exception cref="RunFailedException">The run failed or was cancelled.</exception>
    /// <exception cref="RunInterruptedException">The run was interrupted.</exception>
    internal async Task<FinishedRun> ExecuteAsync(RunSpec spec, RunPlan plan, CancellationToken stop)
    {
        await _folder.CreateAsync(spec, plan, stop);
        return await DriveAsync(plan.RunId, spec, stop);
    }

    /// <summary>Resumes an interrupted run, however its process ended.</summary>
    /// <exception cref="InvalidInputException">There is no such run, or it has ended.</exception>
    /// <exception cref="DrivenElsewhereException">Another process drives it.</exception>
    /// <exception cref="RunFailedException">The run failed or was cancelled.</exception>
    /// <exception cref="RunInterruptedException">The run was interrupted.</exception>
    internal async Task<FinishedRun> ResumeAsync(string runId, CancellationToken stop)
    {
        var (spec, _) = await _folder.ReadAsync(runId, stop);
        if (await _folder.TryReadStatusAsync(runId, stop) is { State: RunState.Succeeded or RunState.Cancelled } ended)
        {
            throw new InvalidInputException($"{runId} has ended: {ended.State.ToString().ToLowerInvariant()}");
        }

        return await DriveAsync(runId, spec, stop);
    }

    /// <summary>Lets a run go on that failed or was cancelled, from its artifacts and its last complete checkpoint; resumes one that was interrupted.</summary>
    /// <inheritdoc cref="ResumeAsync"/>
    internal async Task<FinishedRun> RetryAsync(string runId, CancellationToken stop)
    {
        var (spec, _) = await _folder.ReadAsync(runId, stop);
        await new RunRetry(storage.Store).PrepareAsync(runId, stop);
        return await DriveAsync(runId, spec, stop);
    }

    private async Task<FinishedRun> DriveAsync(string runId, RunSpec spec, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        await using var host = new EmbeddedRunHost(workspace, storage, trainer, spec.Compute.TeachParallelism, log);
        var run = await host.ResumeAsync(runId, stop);
        await view.ShowAsync(() => StatusAndProgress.TryReadAsync(storage.Store, run.Latest), Task.WhenAny(run.Outcome, Task.Delay(Timeout.Infinite, stop)));
        if (stop.IsCancellationRequested && !run.Outcome.IsCompleted)
        {
            throw new RunInterruptedException(runId);
        }

        var outcome = await run.Outcome;
        if (outcome.State != RunState.Succeeded)
        {
            throw new RunFailedException(runId, outcome, host.LastWords);
        }

        await new MeasuredSpeeds(workspace).RecordAsync(
            spec, await _folder.ReadPlanAsync(runId, stop), await storage.Store.ReadJsonAsync<RunReport>(ArtifactLayout.ReportData(runId), stop), log, stop);
        return await FinishedRun.CollectAsync(workspace, storage.Store, runId, Stopwatch.GetElapsedTime(began).TotalSeconds, stop);
    }
}
