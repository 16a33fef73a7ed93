using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;

namespace Distil.Core.Runs.Garbage;

/// <summary>Deletes garbage: each item under the lease for making or using it, and only if it is still garbage then.</summary>
/// <remarks>
/// A run writes its plan before it looks for an artifact, and looks under the artifact's lease. So either the plan is seen here, or the run finds no artifact
/// and makes it.
/// </remarks>
/// <param name="store">The storage of the items.</param>
/// <param name="time">The clock for leases.</param>
public sealed class GarbageDeletion(ArtifactStore store, TimeProvider time)
{
    private const int AtOnce = 8;
    private readonly GarbageRoots _roots = new(store);
    private readonly RunFolder _runs = new(store);

    /// <summary>Deletes items. Repeated after an interruption, it deletes the rest.</summary>
    /// <returns>Those that were deleted; the others are in use.</returns>
    public async Task<IReadOnlyList<GarbageItem>> DeleteAsync(IReadOnlyList<GarbageItem> items, CancellationToken cancel = default)
    {
        var runs = items.Where(item => item.Kind == GarbageKind.Run).Select(RunOf).ToHashSet(StringComparer.Ordinal);
        var deleted = new List<GarbageItem>();
        foreach (var item in items)
        {
            if (await TryDeleteAsync(item, runs, cancel))
            {
                deleted.Add(item);
            }
        }

        return deleted;
    }

    private async Task<bool> TryDeleteAsync(GarbageItem item, HashSet<string> runs, CancellationToken cancel)
    {
        await using (var lease = await Lease.TryTakeAsync(store, item.Lease, time, cancel))
        {
            if (lease is null || !await IsStillGarbageAsync(item, runs, cancel))
            {
                return false;
            }

            var blobs = item.Blobs.Where(blob => blob != item.Lease).ToList();
            foreach (var blob in blobs.Take(1))
            {
                await store.TryDeleteAsync(blob, cancel); // it makes the others count, so it must be deleted before them
            }

            await Parallel.ForEachAsync(
                blobs.Skip(1), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel },
                async (blob, stop) => await store.TryDeleteAsync(blob, stop));
        }

        if (item.Lease.StartsWith(item.Name, StringComparison.Ordinal))
        {
            await store.TryDeleteAsync(item.Lease, cancel);
        }

        return true;
    }

    private async Task<bool> IsStillGarbageAsync(GarbageItem item, HashSet<string> runs, CancellationToken cancel) => item.Kind switch
    {
        GarbageKind.TornCheckpoint => !await store.ExistsAsync(item.Name + ArtifactLayout.ManifestFile, cancel),
        // A run that has succeeded remains so, but a new run may be about to merge its student.
        GarbageKind.OldCheckpoint => !await IsExpertAsync(item, runs, cancel),
        GarbageKind.Run => await _runs.TryReadStatusAsync(RunOf(item), cancel) is null or { HasEnded: true } && !await IsExpertAsync(item, runs, cancel),
        _ => !(await _roots.ReadAsync(runs, cancel)).Contains(item.Name),
    };

    private async Task<bool> IsExpertAsync(GarbageItem item, HashSet<string> runs, CancellationToken cancel) =>
        (await _roots.ReadExpertsAsync(runs, cancel)).ContainsKey(RunOf(item));

    private static string RunOf(GarbageItem item) => item.Name.Split('/')[1];
}
