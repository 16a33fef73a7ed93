using Azure;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Cli.Hosting;

/// <summary>The runs in storage that have not ended, for a host that serves: it resumes all of them when it starts, and later those whose host dies.</summary>
/// <remarks>
/// The lease decides who drives a run. A run whose lease was released, or never taken, is not resumed later: its host was stopped (and somebody may resume
/// it), or is about to start it.
/// </remarks>
/// <param name="host">Drives the runs.</param>
/// <param name="store">The storage of the runs.</param>
/// <param name="time">The clock for the polls.</param>
internal sealed class UnfinishedRuns(EmbeddedRunHost host, ArtifactStore store, TimeProvider time)
{
    private const int ReadsAtOnce = 8;
    private static readonly TimeSpan BetweenLooks = TimeSpan.FromSeconds(10);

    private readonly RunFolder _folder = new(store);
    private readonly HashSet<string> _passed = []; // ids of the runs that need no further check

    /// <summary>The runs' ids, oldest first.</summary>
    internal static async Task<IReadOnlyList<string>> ListAsync(RunFolder folder, CancellationToken cancel) =>
        [.. from run in (await folder.ListAsync(cancel)).Reverse() where !run.HasEnded select run.RunId];

    /// <summary>Resumes every run that no other process drives.</summary>
    internal async Task ResumeAllAsync(CancellationToken cancel)
    {
        foreach (var runId in await UnfinishedAsync(cancel))
        {
            await ResumeAsync(runId, cancel);
        }
    }

    /// <summary>Resumes the runs whose host died, every few seconds, until stopped.</summary>
    internal async Task WatchAsync(CancellationToken stop)
    {
        using var looks = new PeriodicTimer(BetweenLooks, time);
        while (await looks.WaitForNextTickAsync(stop))
        {
            try
            {
                await ResumeAbandonedAsync(stop);
            }
            catch (Exception away) when (away is RequestFailedException or AggregateException)
            {
                // Storage does not answer; hosts that die meanwhile are found when it does.
            }
        }
    }

    /// <summary>Resumes the runs whose host died.</summary>
    internal async Task ResumeAbandonedAsync(CancellationToken cancel)
    {
        foreach (var runId in await UnfinishedAsync(cancel))
        {
            if (await Lease.IsAbandonedAsync(store, ArtifactLayout.Driver(runId), cancel))
            {
                host.Log.DriverHasDied(runId);
                await ResumeAsync(runId, cancel);
            }
        }
    }

    private async Task ResumeAsync(string runId, CancellationToken cancel)
    {
        if (!await host.TryResumeAsync(runId, cancel))
        {
            _passed.Add(runId);
        }
    }

    // Oldest first, without those that this host drives.
    private async Task<IReadOnlyList<string>> UnfinishedAsync(CancellationToken cancel)
    {
        var ids = await _folder.ListIdsAsync(cancel);
        _passed.IntersectWith(ids); // forgets runs that were deleted
        var asked = ids.Reverse().Where(id => !_passed.Contains(id) && !host.IsDriving(id)).ToList();
        var ended = new bool[asked.Count];
        await Parallel.ForAsync(0, asked.Count, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel },
            async (i, stop) => ended[i] = await NeedsNoLookAsync(asked[i], stop));
        _passed.UnionWith(asked.Where((_, i) => ended[i]));
        return [.. asked.Where((_, i) => !ended[i])];
    }

    private async Task<bool> NeedsNoLookAsync(string runId, CancellationToken cancel)
    {
        try
        {
            return await _folder.FindStatusAsync(runId, cancel) is { } status && status.HasEnded;
        }
        catch (Exception unreadable) when (unreadable is ArtifactException or InvalidInputException)
        {
            host.Log.RunIsSkipped(runId, unreadable.Message);
            return true;
        }
    }
}
