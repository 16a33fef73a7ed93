using Distil.Core.Artifacts;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Trainer.Ranks;
using Distil.Trainer.Torch;

namespace Distil.Trainer.Jobs;

/// <summary>Everything that a job works with, in the job's own process.</summary>
internal sealed record JobContext : ComputeContext
{
    /// <value>The run's storage.</value>
    public required ArtifactStore Store { get; init; }

    /// <value>The cache of artifacts on this machine's disk.</value>
    public required ArtifactCache Cache { get; init; }

    /// <value>Fetches remote files.</value>
    public required SourceCatalog Catalog { get; init; }

    /// <value>How texts, models and artifacts are read, and the keys of servers.</value>
    public required SourceSettings Sources { get; init; }

    /// <value>Reports the job's progress.</value>
    public required ProgressReporter Progress { get; init; }

    /// <value>An empty folder for this job, deleted when it ends.</value>
    public required string Folder { get; init; }

    /// <value>What is in use of the device.</value>
    public required DeviceMeter Meter { get; init; }

    /// <value>The clock.</value>
    public required TimeProvider Time { get; init; }

    /// <value>Starts the processes of the machine's other GPUs.</value>
    public required RankPool Pool { get; init; }

    /// <summary>Computes on every GPU of the machine that the specification asks for, one process each.</summary>
    /// <param name="work">What the other processes compute.</param>
    /// <param name="compute">This process's part, with the context of its group; the other processes as well, null without any.</param>
    /// <exception cref="RankLostException">Another process failed or ended.</exception>
    public Task<T> OnEveryGpuAsync<T>(RankWork work, Func<JobContext, RankTeam?, Task<T>> compute) => Pool.RunAsync(
        Spec.Compute.GpusPerWorker, Device, work.ToBytes, team => compute(team is null ? this : this with { Ranks = team.Group }, team), Stop);
}
