using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Specification;

namespace Distil.Core.Runs;

/// <summary>The documents of runs that hosts write and read: specification, plan, status.</summary>
/// <param name="store">The storage.</param>
public sealed class RunFolder(ArtifactStore store)
{
    private const int ReadsAtOnce = 8;

    /// <summary>Writes a new run's specification and plan.</summary>
    /// <returns>False if the run already exists.</returns>
    /// <exception cref="Errors.InvalidInputException">Something that the plan needs could not be reached.</exception>
    public async Task<bool> CreateAsync(RunSpec spec, RunPlan plan, CancellationToken cancel = default)
    {
        plan.RequireRunnable();
        await Telemetry.RunTrace.GetOrCreateAsync(store, plan.RunId, cancel);
        await store.TryCreateJsonAsync(ArtifactLayout.Spec(plan.RunId), spec, cancel);
        return await store.TryCreateJsonAsync(ArtifactLayout.Plan(plan.RunId), plan, cancel);
    }

    /// <summary>Reads the specification.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run.</exception>
    public async Task<RunSpec> ReadSpecAsync(string runId, CancellationToken cancel = default) =>
        await store.TryReadJsonAsync<RunSpec>(ArtifactLayout.Spec(runId), cancel) ?? throw NoSuchRun(runId);

    /// <summary>Reads the plan.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run.</exception>
    public async Task<RunPlan> ReadPlanAsync(string runId, CancellationToken cancel = default) =>
        await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) ?? throw NoSuchRun(runId);

    /// <summary>Reads both. The plan comes first, because it contains the version of distil that made the run.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run, or another version of distil made it.</exception>
    public async Task<(RunSpec Spec, RunPlan Plan)> ReadAsync(string runId, CancellationToken cancel = default)
    {
        var plan = await ReadPlanAsync(runId, cancel);
        return (await ReadSpecAsync(runId, cancel), plan);
    }

    /// <summary>Reads the status; null if the run has not started.</summary>
    public Task<RunStatus?> TryReadStatusAsync(string runId, CancellationToken cancel = default) =>
        store.TryReadJsonAsync<RunStatus>(ArtifactLayout.Status(runId), cancel);

    /// <summary>Returns a run's status, or <see cref="RunState.Queued"/> if its host has not written one yet; null if there is no such run. The state is
    /// <see cref="RunState.Interrupted"/> if the run has not ended and no process drives it.</summary>
    public async Task<RunStatus?> FindStatusAsync(string runId, CancellationToken cancel = default)
    {
        if (await TryReadStatusAsync(runId, cancel) is { } status)
        {
            return status.State == RunState.Running && await Lease.IsFreeAsync(store, ArtifactLayout.Driver(runId), cancel)
                ? OrInterrupted(await TryReadStatusAsync(runId, cancel) ?? status)
                : status;
        }

        return await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) is { } plan
            ? new RunStatus { RunId = runId, State = RunState.Queued, StartedAt = plan.PlannedAt, UpdatedAt = plan.PlannedAt }
            : null;
    }

    /// <summary>Returns the ids of all runs, newest first; one call of the service returns 5,000 runs.</summary>
    public async Task<IReadOnlyList<string>> ListIdsAsync(CancellationToken cancel = default)
    {
        var ids = new List<string>();
        await foreach (var folder in store.ListFoldersAsync(ArtifactLayout.Runs, cancel))
        {
            ids.Add(folder[ArtifactLayout.Runs.Length..^1]);
        }

        ids.Reverse();
        return ids;
    }

    /// <summary>Writes the status, when the pipeline sets one.</summary>
    public Task WriteStatusAsync(RunStatus status, CancellationToken cancel = default) =>
        store.WriteJsonAsync(ArtifactLayout.Status(status.RunId), status, cancel);

    /// <summary>Returns the statuses of all runs, newest first.</summary>
    public async Task<IReadOnlyList<RunStatus>> ListAsync(CancellationToken cancel = default) =>
        [.. (await FindStatusesAsync(await ListIdsAsync(cancel), cancel)).OrderByDescending(status => status.StartedAt)];

    /// <summary>Returns the statuses of some runs, in their order, without those that are no runs (for instance: partly deleted).</summary>
    public async Task<IReadOnlyList<RunStatus>> FindStatusesAsync(IReadOnlyList<string> runIds, CancellationToken cancel = default)
    {
        var statuses = new RunStatus?[runIds.Count];
        await Parallel.ForAsync(0, runIds.Count, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel },
            async (i, stop) => statuses[i] = await FindStatusAsync(runIds[i], stop));
        return [.. statuses.OfType<RunStatus>()];
    }

    // Read after the lease was found free: the run may have ended between the first read and that.
    private static RunStatus OrInterrupted(RunStatus status) =>
        status.State == RunState.Running ? status with { State = RunState.Interrupted, Jobs = [] } : status;

    private Errors.InvalidInputException NoSuchRun(string runId) => new($"{runId} is not a run in {store.Uri}; expected one that is");
}
