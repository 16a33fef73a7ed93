using Distil.Core.Artifacts;

namespace Distil.Core.Runs;

/// <summary>The documents of runs that hosts write and read: specification, plan, status.</summary>
/// <param name="store">Where they are.</param>
public sealed class RunFolder(ArtifactStore store)
{
    /// <summary>Writes a new run's specification and plan.</summary>
    /// <returns>False where the run exists already.</returns>
    /// <exception cref="Errors.InvalidInputException">The plan uses something reserved.</exception>
    public async Task<bool> CreateAsync(RunSpec spec, RunPlan plan, CancellationToken cancel = default)
    {
        plan.RequireRunnable();
        await Telemetry.RunTrace.OfAsync(store, plan.RunId, cancel);
        await store.TryCreateJsonAsync(ArtifactLayout.Spec(plan.RunId), spec, cancel);
        return await store.TryCreateJsonAsync(ArtifactLayout.Plan(plan.RunId), plan, cancel);
    }

    /// <summary>The specification.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run.</exception>
    public async Task<RunSpec> ReadSpecAsync(string runId, CancellationToken cancel = default) =>
        await store.TryReadJsonAsync<RunSpec>(ArtifactLayout.Spec(runId), cancel) ?? throw NoSuchRun(runId);

    /// <summary>The plan.</summary>
    /// <exception cref="Errors.InvalidInputException">There is no such run.</exception>
    public async Task<RunPlan> ReadPlanAsync(string runId, CancellationToken cancel = default) =>
        await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), cancel) ?? throw NoSuchRun(runId);

    /// <summary>The status; null where the run has not begun.</summary>
    public Task<RunStatus?> TryReadStatusAsync(string runId, CancellationToken cancel = default) =>
        store.TryReadJsonAsync<RunStatus>(ArtifactLayout.Status(runId), cancel);

    /// <summary>Writes the status; a host does, when its pipeline sets one.</summary>
    public Task WriteStatusAsync(RunStatus status, CancellationToken cancel = default) =>
        store.WriteJsonAsync(ArtifactLayout.Status(status.RunId), status, cancel);

    /// <summary>All runs that have begun, newest first.</summary>
    public async Task<IReadOnlyList<RunStatus>> ListAsync(CancellationToken cancel = default)
    {
        var statuses = new List<RunStatus>();
        await foreach (var blob in store.ListAsync(ArtifactLayout.Runs, cancel))
        {
            if (blob.Split('/') is ["runs", var runId, "status.json"] && await TryReadStatusAsync(runId, cancel) is { } status)
            {
                statuses.Add(status);
            }
        }

        return [.. statuses.OrderByDescending(status => status.StartedAt)];
    }

    private Errors.InvalidInputException NoSuchRun(string runId) => new($"{runId} is not a run in {store.Uri}; expected one that is");
}
