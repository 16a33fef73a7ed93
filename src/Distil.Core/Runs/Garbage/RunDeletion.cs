using Distil.Core.Artifacts;
using Distil.Core.Errors;

namespace Distil.Core.Runs.Garbage;

/// <summary>Deletes runs that have ended and what only they refer to, and nothing else.</summary>
/// <param name="store">The storage.</param>
/// <param name="time">The clock for leases.</param>
public sealed class RunDeletion(ArtifactStore store, TimeProvider time)
{
    /// <summary>Finds what would be deleted.</summary>
    /// <param name="runs">Ids of the runs.</param>
    /// <param name="cancel">Cancels the search.</param>
    /// <exception cref="InvalidInputException">One does not exist, or has not ended.</exception>
    /// <exception cref="ArtifactException">A plan cannot be read: the artifacts of its run are unknown.</exception>
    public async Task<IReadOnlyList<GarbageItem>> FindAsync(IEnumerable<string> runs, CancellationToken cancel = default)
    {
        var search = new GarbageSearch(store);
        var options = new GarbageOptions { UnchangedSince = DateTimeOffset.MaxValue, Runs = [.. runs.Distinct()] };
        var others = (await search.FindAsync(options with { Runs = [] }, cancel)).Select(item => item.Name).ToHashSet();
        return [.. (await search.FindAsync(options, cancel)).Where(item => !others.Contains(item.Name))];
    }

    /// <summary>Deletes what was found.</summary>
    /// <returns>The items that were deleted; the others are in use.</returns>
    public Task<IReadOnlyList<GarbageItem>> DeleteAsync(IReadOnlyList<GarbageItem> items, CancellationToken cancel = default) =>
        new GarbageDeletion(store, time).DeleteAsync(items, cancel);
}
