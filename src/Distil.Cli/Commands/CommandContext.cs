using Distil.Cli.Azurite;
using Distil.Cli.Workspaces;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Hosting.Processes;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Commands;

/// <summary>The settings and services that all commands share.</summary>
/// <param name="Settings">The program's settings.</param>
/// <param name="Log">Receives messages for people.</param>
internal sealed record CommandContext(CommandSettings Settings, ILogger Log)
{
    /// <value>The folders of this machine.</value>
    public Workspace Workspace { get; } = Workspace.Find(Settings.Home);

    /// <value>The trainer.</value>
    public TrainerProgram Trainer { get; } = new(Settings.Trainer);

    /// <summary>Creates a planner of runs.</summary>
    /// <exception cref="Core.Errors.InvalidInputException">A setting of the sources cannot be used.</exception>
    public RunPlanner NewPlanner() => new(TimeProvider.System, SourceCatalog.Create(Settings.Sources, TimeProvider.System, Log));

    /// <summary>Plans runs. Only runs that merge others need the storage in which they are; it is opened once.</summary>
    /// <param name="planner">From <see cref="NewPlanner"/>.</param>
    /// <param name="specs">The specifications.</param>
    /// <param name="port">The port for Azurite; null for a free one.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Their plans, in the same order.</returns>
    /// <exception cref="Core.Errors.InvalidInputException">A specification cannot be run.</exception>
    public async Task<IReadOnlyList<RunPlan>> PlanAsync(RunPlanner planner, IReadOnlyList<RunSpec> specs, int? port, CancellationToken cancel)
    {
        await using var storage = specs.Any(spec => spec.Merge is not null) ? await OpenStorageAsync(port, cancel) : null;
        var plans = new List<RunPlan>();
        foreach (var spec in specs)
        {
            plans.Add(await planner.PlanAsync(spec, storage?.Store, cancel));
        }

        return plans;
    }

    /// <summary>Opens the storage, starting Azurite if no account is named.</summary>
    /// <param name="port">The port for Azurite; null for a free one.</param>
    /// <param name="cancel">Cancels the call.</param>
    public Task<LocalStorage> OpenStorageAsync(int? port, CancellationToken cancel) =>
        LocalStorage.OpenAsync(Workspace, port, Settings.Sources.ConnectionString, Log, cancel);
}
