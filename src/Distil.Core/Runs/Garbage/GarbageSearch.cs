using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Garbage;

/// <summary>Finds artifacts that no run refers to; <see cref="GarbageDeletion"/> deletes them.</summary>
/// <param name="store">The storage.</param>
public sealed class GarbageSearch(ArtifactStore store)
{
    private readonly RunFolder _runs = new(store);

    /// <summary>Finds garbage.</summary>
    /// <param name="options">The scope of the search.</param>
    /// <param name="cancel">Cancels the search.</param>
    /// <exception cref="ArtifactException">A plan cannot be read: the artifacts of its run are unknown, so nothing may be deleted.</exception>
    /// <exception cref="InvalidInputException">A run that is to be deleted does not exist, or has not ended.</exception>
    public async Task<IReadOnlyList<GarbageItem>> FindAsync(GarbageOptions options, CancellationToken cancel = default)
    {
        var found = new List<GarbageItem>();
        await foreach (var artifact in SharedArtifact.ListAsync(store, cancel))
        {
            var kind = artifact is Dataset ? GarbageKind.Dataset : GarbageKind.TeacherOutputs;
            found.Add(await ItemAsync(kind, artifact.Prefix, artifact.Closing, artifact.Lease, cancel));
        }

        foreach (var run in options.Runs)
        {
            await RequireEndedAsync(run, cancel);
        }

        var deleted = options.Runs.ToHashSet(StringComparer.Ordinal);
        var roots = new GarbageRoots(store);
        var named = await roots.ReadAsync(deleted, cancel);
        var experts = await roots.ReadExpertsAsync(deleted, cancel);
        found.RemoveAll(item => named.Contains(item.Name));
        foreach (var run in options.Runs)
        {
            RequireUnneeded(run, experts);
        }

        foreach (var run in (await _runs.ListIdsAsync(cancel)).Where(run => !deleted.Contains(run)))
        {
            found.AddRange(await CheckpointsAsync(run, options.OldCheckpoints && !experts.ContainsKey(run), cancel));
        }

        found.RemoveAll(item => item.ModifiedAt > options.UnchangedSince);
        foreach (var run in options.Runs)
        {
            found.Add(await ItemAsync(GarbageKind.Run, ArtifactLayout.Run(run), ArtifactLayout.Plan(run), ArtifactLayout.Driver(run), cancel));
        }

        return found;
    }

    private static void RequireUnneeded(string runId, IReadOnlyDictionary<string, string> experts)
    {
        if (experts.TryGetValue(runId, out var merge))
        {
            throw new InvalidInputException($"{runId} is an expert of {merge}, which has not succeeded yet; expected a run that no merge needs, or both to be deleted");
        }
    }

    private async Task RequireEndedAsync(string runId, CancellationToken cancel)
    {
        var status = await _runs.FindStatusAsync(runId, cancel) ?? throw new InvalidInputException($"{runId} is not a run; `distil runs` lists those that are");
        if (await Lease.FindHolderAsync(store, ArtifactLayout.Driver(runId), cancel) is { } holder)
        {
            throw new InvalidInputException($"{runId} is driven by {holder}; expected a run that has ended");
        }

        if (!status.HasEnded)
        {
            throw new InvalidInputException(
                $"{runId} is {status.State.ToString().ToLowerInvariant()}; expected a run that has ended (`distil cancel {runId}` ends it)");
        }
    }

    private async Task<IEnumerable<GarbageItem>> CheckpointsAsync(string runId, bool old, CancellationToken cancel)
    {
        var succeeded = old && await _runs.TryReadStatusAsync(runId, cancel) is { State: RunState.Succeeded };
        var items = new List<GarbageItem>();
        foreach (var student in Enum.GetValues<StudentVariant>())
        {
            await foreach (var epoch in store.ListFoldersAsync(ArtifactLayout.Checkpoints(runId, student), cancel))
            {
                await foreach (var folder in store.ListFoldersAsync(epoch, cancel))
                {
                    var manifest = folder + ArtifactLayout.ManifestFile;
                    var item = await ItemAsync(GarbageKind.OldCheckpoint, folder, manifest, Weights.LeaseOf(runId, student), cancel);
                    var whole = item.Blobs[0] == manifest;
                    if (!whole || succeeded)
                    {
                        items.Add(whole ? item : item with { Kind = GarbageKind.TornCheckpoint });
                    }
                }
            }
        }

        return items;
    }

    private async Task<GarbageItem> ItemAsync(GarbageKind kind, string folder, string closing, string lease, CancellationToken cancel)
    {
        var blobs = await store.ListAsync(folder, cancel).ToListAsync(cancel);
        var ordered = blobs.Select(blob => blob.Name).OrderByDescending(name => name == closing).ThenBy(name => name, StringComparer.Ordinal).ToList();
        return new GarbageItem(kind, folder, lease, ordered, blobs.Sum(blob => blob.Bytes), blobs.Select(blob => blob.ModifiedAt).DefaultIfEmpty().Max());
    }
}
