using System.Collections.Concurrent;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Garbage;

/// <summary>Finds what no run refers to, and deletes it.</summary>
/// <remarks>
/// What is listed is older than every plan that is read after it, so a run that begins meanwhile is seen. One that begins between search and deletion finds
/// no manifest, or shards that are gone, and makes them again.
/// </remarks>
/// <param name="store">Where all is.</param>
public sealed class GarbageSearch(ArtifactStore store)
{
    private const int AtOnce = 8;
    private readonly ArtifactReader _reader = new(store);
    private readonly RunFolder _runs = new(store);

    /// <summary>Finds garbage.</summary>
    /// <param name="options">How far to go.</param>
    /// <param name="cancel">Cancels the search.</param>
    /// <exception cref="ArtifactException">A plan cannot be read: what its run refers to is not known, so nothing may be deleted.</exception>
    /// <exception cref="InvalidInputException">A run that is to go does not exist, or has not ended.</exception>
    public async Task<IReadOnlyList<GarbageItem>> FindAsync(GarbageOptions options, CancellationToken cancel = default)
    {
        var shared = await FoldersAsync(GarbageKind.Dataset, "datasets/", cancel);
        shared.AddRange(await FoldersAsync(GarbageKind.TeacherOutputs, "teacher-outputs/", cancel));
        foreach (var run in options.Runs)
        {
            await RequireEndedAsync(run, cancel);
        }

        var kept = (await _runs.ListIdsAsync(cancel)).Except(options.Runs, StringComparer.Ordinal).ToList();
        var named = await NamedAsync(kept, cancel);
        var found = shared.Where(item => !named.Contains(item.Name)).ToList();
        foreach (var run in kept)
        {
            found.AddRange(await CheckpointsAsync(run, options.OldCheckpoints, cancel));
        }

        found.RemoveAll(item => item.ModifiedAt > options.UnchangedSince);
        foreach (var run in options.Runs)
        {
            found.Add(await ItemAsync(GarbageKind.Run, ArtifactLayout.Run(run), cancel));
        }

        return found;
    }

    /// <summary>Deletes an item. Done again after an interruption, it deletes the rest.</summary>
    public async Task DeleteAsync(GarbageItem item, CancellationToken cancel = default)
    {
        // The first makes the others count: it must be gone before them.
        foreach (var blob in item.Blobs.Take(1))
        {
            await store.DeleteAsync(blob, cancel);
        }

        await Parallel.ForEachAsync(
            item.Blobs.Skip(1), new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (blob, stop) => await store.DeleteAsync(blob, stop));
    }

    private async Task RequireEndedAsync(string runId, CancellationToken cancel)
    {
        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw new InvalidInputException($"{runId} is not a run; `distil runs` lists those that are");
        if (await Lease.FindHolderAsync(store, ArtifactLayout.Driver(runId), cancel) is { } holder)
        {
            throw new InvalidInputException($"{runId} is driven by {holder}; expected a run that has ended");
        }

        if (status.State is not (RunState.Succeeded or RunState.Failed or RunState.Cancelled))
        {
            throw new InvalidInputException($"{runId} is {status.State.ToString().ToLowerInvariant()}; expected a run that has ended (`distil cancel {runId}` ends it)");
        }
    }

    private async Task<HashSet<string>> NamedAsync(IReadOnlyList<string> runIds, CancellationToken cancel)
    {
        var named = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(runIds, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel }, async (runId, stop) =>
        {
            if (await store.TryReadJsonAsync<RunPlan>(ArtifactLayout.Plan(runId), stop) is { } plan)
            {
                named.Add($"datasets/{plan.DatasetId}/");
                named.Add($"teacher-outputs/{plan.TeacherOutputsId}/");
            }
        });
        return [.. named];
    }

    private async Task<List<GarbageItem>> FoldersAsync(GarbageKind kind, string prefix, CancellationToken cancel)
    {
        var items = new List<GarbageItem>();
        await foreach (var folder in _reader.ListFoldersAsync(prefix, cancel))
        {
            items.Add(await ItemAsync(kind, folder, cancel));
        }

        return items;
    }

    private async Task<IEnumerable<GarbageItem>> CheckpointsAsync(string runId, bool old, CancellationToken cancel)
    {
        var succeeded = old && await _runs.TryReadStatusAsync(runId, cancel) is { State: RunState.Succeeded };
        var items = new List<GarbageItem>();
        foreach (var student in Enum.GetValues<Distil.Core.Specification.StudentVariant>())
        {
            await foreach (var epoch in _reader.ListFoldersAsync(ArtifactLayout.Checkpoints(runId, student), cancel))
            {
                await foreach (var folder in _reader.ListFoldersAsync(epoch, cancel))
                {
                    var item = await ItemAsync(GarbageKind.OldCheckpoint, folder, cancel);
                    var whole = item.Blobs[0].EndsWith("/" + ArtifactLayout.CheckpointManifestFile, StringComparison.Ordinal);
                    if (!whole || succeeded)
                    {
                        items.Add(whole ? item : item with { Kind = GarbageKind.TornCheckpoint });
                    }
                }
            }
        }

        return items;
    }

    private async Task<GarbageItem> ItemAsync(GarbageKind kind, string folder, CancellationToken cancel)
    {
        var blobs = new List<ArtifactListing>();
        await foreach (var blob in _reader.ListAsync(folder, cancel))
        {
            blobs.Add(blob);
        }

        var first = folder + (kind == GarbageKind.Run ? "plan.json" : ArtifactLayout.CheckpointManifestFile);
        var ordered = blobs.Select(blob => blob.Name).OrderByDescending(name => name == first).ThenBy(name => name, StringComparer.Ordinal).ToList();
        return new GarbageItem(kind, folder, ordered, blobs.Sum(blob => blob.Bytes), blobs.Select(blob => blob.ModifiedAt).DefaultIfEmpty().Max());
    }
}

/// <summary>How far a search for garbage goes.</summary>
public sealed record GarbageOptions
{
    /// <value>What was written later is left alone: somebody may be about to refer to it.</value>
    public required DateTimeOffset UnchangedSince { get; init; }

    /// <value>Whether checkpoints of runs that have succeeded are garbage. Default no.</value>
    public bool OldCheckpoints { get; init; }

    /// <value>Ended runs that are to go, by id, and with them what they alone refer to. Default none.</value>
    public IReadOnlyList<string> Runs { get; init; } = [];
}
