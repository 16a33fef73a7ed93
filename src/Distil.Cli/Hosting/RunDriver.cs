using System.Text.Json;
using Distil.Cli.Engine;
using Distil.Cli.Engine.Journal;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Hosting;

/// <summary>One run that this process drives: it holds the run's lease, runs its pipeline and publishes its status.</summary>
/// <param name="input">The run.</param>
/// <param name="store">Its storage.</param>
/// <param name="activities">The activities that its pipeline calls.</param>
/// <param name="space">The disks of this machine.</param>
/// <param name="cache">The copies of artifacts on this machine.</param>
/// <param name="log">Receives what a user should know and no status contains.</param>
/// <param name="time">The clock.</param>
/// <remarks>It can be started once.</remarks>
internal sealed class RunDriver(
    PipelineInput input, ArtifactStore store, Func<string, JsonElement, CancellationToken, Task<JsonElement>> activities, DiskSpace space, ArtifactCache cache,
    ILogger log, TimeProvider time)
{
    private static readonly TimeSpan Patience = Lease.Duration + TimeSpan.FromSeconds(5);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromSeconds(1);

    private readonly TaskCompletionSource<string> _cancelled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private StatusPublisher? _publisher;

    /// <value>The latest status that the pipeline set in this process; null before the first.</value>
    internal RunStatus? Latest => _publisher?.Latest;

    /// <value>The run's outcome.</value>
    /// <exception cref="DrivenElsewhereException">Another process drives it, from the start or since this process lost its lease.</exception>
    /// <exception cref="InvalidInputException">Another version of distil wrote its journal, which is not changed.</exception>
    /// <exception cref="OperationCanceledException">Stopped before the run's end.</exception>
    internal Task<RunOutcome> Outcome { get; private set; } = null!;

    /// <summary>Asks the pipeline to cancel.</summary>
    internal void Cancel(string why) => _cancelled.TrySetResult(why);

    /// <summary>Starts driving the run to its end.</summary>
    /// <param name="stop">Stops driving; the run can be resumed later.</param>
    internal void Begin(CancellationToken stop) => Outcome = Task.Run(() => DriveAsync(stop), CancellationToken.None);

    // A process that was away for too long (a laptop asleep, storage that did not answer) may lose the lease although no other process wants it. If the disk
    // of the storage is full, not even the journal can be written: the run goes on from it later.
    private async Task<RunOutcome> DriveAsync(CancellationToken stop)
    {
        for (var paused = false; ; paused = true)
        {
            try
            {
                return await DriveUntilLeaseIsLostAsync(stop);
            }
            catch (Exception full) when (DiskFull.Is(full) && !stop.IsCancellationRequested)
            {
                if (!paused)
                {
                    log.RunPauses($"{input.RunId}: {space.Find(SpaceNeeded.Nothing)?.ToString() ?? "the disk of the storage is full"}");
                }

                await Task.Delay(PausingActivities.BetweenLooks, time, stop);
            }
        }
    }

    private async Task<RunOutcome> DriveUntilLeaseIsLostAsync(CancellationToken stop)
    {
        while (true)
        {
            await using var lease = await TakeLeaseAsync(stop);
            using var until = CancellationTokenSource.CreateLinkedTokenSource(stop, lease.Lost);
            try
            {
                return await DriveLeasedAsync(until.Token);
            }
            catch (OperationCanceledException) when (lease.Lost.IsCancellationRequested && !stop.IsCancellationRequested)
            {
                log.LeaseWasLost(input.RunId);
            }
        }
    }

    private async Task<RunOutcome> DriveLeasedAsync(CancellationToken stop)
    {
        var folder = new RunFolder(store);
        await using var writing = _publisher = new StatusPublisher(status => folder.WriteStatusAsync(status, CancellationToken.None));
        var pausing = new PausingActivities(activities, space, cache, store, Say, log, time);
        var engine = new EmbeddedEngine(pausing.CallAsync, OpenLog, _publisher.Publish, log, time);
        try
        {
            return await engine.RunAsync(input, _cancelled.Task, stop);
        }
        catch (Exception broken) when (broken is not (OperationCanceledException or ArtifactException or InvalidInputException) && !DiskFull.Is(broken))
        {
            // This is not an outcome of the pipeline, which did not reach one. The journal remains unchanged.
            var failure = new JobFailure(FailureClass.Transient, broken.Message, broken is NonDeterminismException ? null : broken.ToString());
            var last = _publisher.Latest ?? await folder.TryReadStatusAsync(input.RunId, stop) ?? NoStatus();
            _publisher.Publish(last with { State = RunState.Failed, LastFailure = failure, Jobs = [], UpdatedAt = time.GetUtcNow() });
            return new RunOutcome(RunState.Failed, failure);
        }
    }

    private async Task<Lease> TakeLeaseAsync(CancellationToken stop)
    {
        var (blob, since) = (ArtifactLayout.Driver(input.RunId), time.GetTimestamp());
        while (true)
        {
            if (await Lease.TryTakeAsync(store, blob, time, stop) is { } lease)
            {
                return lease;
            }

            // Whether a holder on another machine or in another container is alive is not known: if it is not, its lease expires soon.
            var holder = await Lease.FindHolderAsync(store, blob, stop);
            if (holder is not null && (holder.IsKnownAlive || time.GetElapsedTime(since) > Patience))
            {
                throw new DrivenElsewhereException(input.RunId, holder.ToString());
            }

            await Task.Delay(BetweenTries, time, stop);
        }
    }

    private void Say(string? waiting)
    {
        if (_publisher!.Latest is { HasEnded: false } latest && latest.Waiting != waiting)
        {
            _publisher.Publish(latest with { Waiting = waiting, UpdatedAt = time.GetUtcNow() });
        }
    }

    private BlobJournalLog OpenLog(string runId, string path) => new(store.OpenLog(ArtifactLayout.JournalOf(runId, path)));

    private RunStatus NoStatus() => new() { RunId = input.RunId, State = RunState.Running, StartedAt = time.GetUtcNow(), UpdatedAt = time.GetUtcNow() };
}
