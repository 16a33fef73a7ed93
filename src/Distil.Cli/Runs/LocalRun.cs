using System.Diagnostics;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Engine;
using Distil.Cli.Processes;
using Distil.Core.Artifacts;
using Distil.Core.Pipeline;
using Distil.Core.Runs;

namespace Distil.Cli.Runs;

/// <summary>A run in this process: the pipeline here, its jobs in child processes.</summary>
internal sealed class LocalRun(Workspace workspace, LocalStorage storage, IRunView view)
{
    /// <summary>Storage is on this machine and asking is cheap: a job's end is seen within a second.</summary>
    internal static readonly Polling Polling = new() { MostMilliseconds = 1000 };

    /// <summary>Does the run and collects what it came to.</summary>
    /// <param name="spec">What is asked for.</param>
    /// <param name="plan">What is done.</param>
    /// <param name="stop">Cancels the run; its checkpoints are kept.</param>
    /// <exception cref="RunFailedException">It failed or was cancelled.</exception>
    internal async Task<RunResult> ExecuteAsync(RunSpec spec, RunPlan plan, CancellationToken stop)
    {
        var began = Stopwatch.GetTimestamp();
        var folder = new RunFolder(storage.Store);
        await folder.CreateAsync(spec, plan, stop);

        await using var runner = new ProcessJobRunner(() => StartTrainer(workspace, storage), spec.Compute.TeachParallelism);
        var lastWords = "";
        runner.Crashed += (_, tail) => lastWords = tail;

        RunOutcome outcome;
        await using (var publisher = new StatusPublisher(status => folder.WriteStatusAsync(status, CancellationToken.None)))
        {
            var engine = new EmbeddedEngine(new ActivityCatalog(storage.Store, runner).CallAsync, publisher.Publish, TimeProvider.System);
            var running = engine.RunAsync(PipelineInput.From(spec, plan) with { Polling = Polling }, stop);
            await view.ShowAsync(() => LookAsync(publisher), running);
            outcome = await running;
        }

        return outcome.State == RunState.Succeeded
            ? await RunResult.CollectAsync(workspace, storage.Store, plan.RunId, Stopwatch.GetElapsedTime(began).TotalSeconds, stop)
            : throw new RunFailedException(plan.RunId, outcome, lastWords);
    }

    /// <summary>How a worker is started.</summary>
    internal static ProcessStartInfo StartTrainer(Workspace workspace, LocalStorage storage)
    {
        var command = TrainerProgram.Command(["work"]);
        command.Environment[ArtifactStore.ConnectionVariable] = storage.ConnectionString;
        command.Environment.TryAdd("DISTIL_CACHE", Path.Combine(workspace.Home, "cache"));
        return command;
    }

    private async Task<RunSnapshot?> LookAsync(StatusPublisher publisher) =>
        publisher.Latest is { } status ? await RunSnapshot.ReadAsync(storage.Store, status, CancellationToken.None) : null;
}
