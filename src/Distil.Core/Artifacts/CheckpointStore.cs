using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>The checkpoints of one student, for the training of one epoch.</summary>
/// <param name="store">The storage.</param>
/// <param name="weights">The student after the epoch.</param>
public sealed class CheckpointStore(ArtifactStore store, Weights weights)
{
    private const int LongestFileName = 100;

    /// <summary>Uploads a checkpoint's files, then the manifest that makes them count; then deletes the checkpoints that are no longer needed.</summary>
    /// <remarks>The last checkpoint of each epoch and the newest two are not deleted: if the newest is damaged, the one before it is used.</remarks>
    /// <param name="step">Optimiser steps completed in the epoch.</param>
    /// <param name="endOfEpoch">Whether the epoch is complete.</param>
    /// <param name="localFiles">Paths of the files; their names are retained.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<CheckpointManifest> SaveAsync(long step, bool endOfEpoch, IEnumerable<string> localFiles, CancellationToken cancel = default)
    {
        var files = new List<ArtifactFile>();
        foreach (var path in localFiles)
        {
            files.Add(await store.UploadAsync(NameOf(step, Path.GetFileName(path)), path, cancel));
        }

        var manifest = new CheckpointManifest { Epoch = weights.Epoch, Step = step, EndOfEpoch = endOfEpoch, Files = files };
        await store.WriteJsonAsync(NameOf(step, ArtifactLayout.ManifestFile), manifest, cancel);
        await PruneAsync(cancel);
        return manifest;
    }

    /// <summary>Downloads the checkpoint from which training resumes: the epoch's newest, or that of the end of the epoch before. If one is damaged, that is
    /// reported and the one before it is used.</summary>
    /// <param name="localFolder">Folder for its files.</param>
    /// <param name="report">Receives a sentence about damaged checkpoints: their blobs, and what is used instead.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>False if training starts from the beginning.</returns>
    /// <exception cref="ArtifactException">The epoch before has no intact checkpoint of its end.</exception>
    public async Task<bool> RestoreAsync(string localFolder, Action<string> report, CancellationToken cancel = default)
    {
        var bad = new List<string>();
        foreach (var blob in (await ManifestsAsync(cancel)).Reverse().Where(blob => weights.Contains(blob) || weights.Before?.Contains(blob) == true))
        {
            try
            {
                if (await TryRestoreAsync(blob, localFolder, cancel))
                {
                    ReportDamage($"using {FolderOf(blob)}");
                    return true;
                }
            }
            catch (ArtifactException damaged)
            {
                bad.Add(damaged.Message);
            }
        }

        if (weights.Before is { } before)
        {
            throw ArtifactException.NoCheckpoint(before.Closing, bad.Count > 0 ? string.Join("; ", bad) : null);
        }

        ReportDamage("there is no checkpoint before it, so training starts from the beginning");
        return false;

        void ReportDamage(string instead)
        {
            if (bad.Count > 0)
            {
                report($"{string.Join("; ", bad)}; {instead}");
            }
        }
    }

    /// <summary>Downloads the checkpoint of the epoch's end.</summary>
    /// <param name="localFolder">Folder for its files.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="ArtifactException">It is missing or damaged.</exception>
    public async Task RestoreEndAsync(string localFolder, CancellationToken cancel = default)
    {
        if (await FindEndAsync(cancel) is not { } end || !await TryRestoreAsync(end, localFolder, cancel))
        {
            throw ArtifactException.NoCheckpoint(weights.Closing, found: null);
        }
    }

    /// <summary>Finds the checkpoint of the epoch's end, without its files.</summary>
    /// <returns>Its manifest; null if the epoch has not ended, or the checkpoint was deleted.</returns>
    /// <exception cref="ArtifactException">The manifest is damaged.</exception>
    public async Task<string?> FindEndAsync(CancellationToken cancel = default) =>
        (await ManifestsAsync(cancel)).LastOrDefault(weights.Contains) is { } newest
            && (await store.ReadJsonAsync<CheckpointManifest>(newest, cancel)).EndOfEpoch ? newest : null;

    /// <summary>The names of all manifests of the student, oldest first.</summary>
    public async Task<IReadOnlyList<string>> ManifestsAsync(CancellationToken cancel = default)
    {
        var manifests = new List<string>(); // a listing is in ordinal order, which the layout's zero-padded numbers make the order of training
        await foreach (var blob in store.ListAsync(ArtifactLayout.Checkpoints(weights.Run.RunId, weights.Student), cancel))
        {
            if (blob.Name.EndsWith("/" + ArtifactLayout.ManifestFile, StringComparison.Ordinal))
            {
                manifests.Add(blob.Name);
            }
        }

        return manifests;
    }

    private async Task PruneAsync(CancellationToken cancel)
    {
        var manifests = await ManifestsAsync(cancel);
        var kept = manifests.GroupBy(EpochOf).Select(epoch => epoch.Last()).Concat(manifests.TakeLast(2)).ToHashSet();
        foreach (var manifest in manifests.Where(manifest => !kept.Contains(manifest)))
        {
            await store.DeleteAsync(manifest, cancel); // first, so that an incomplete checkpoint never counts
            await foreach (var blob in store.ListAsync(FolderOf(manifest) + "/", cancel))
            {
                await store.DeleteAsync(blob.Name, cancel);
            }
        }
    }

    // Not if it is in the middle of an earlier epoch: another job trains that epoch to its end.
    private async Task<bool> TryRestoreAsync(string blob, string localFolder, CancellationToken cancel)
    {
        var manifest = await store.ReadJsonAsync<CheckpointManifest>(blob, cancel);
        if (manifest.Epoch < weights.Epoch && !manifest.EndOfEpoch)
        {
            return false;
        }

        foreach (var file in manifest.Files)
        {
            await store.DownloadAsync(file, Path.Combine(localFolder, FileNameIn(blob, file)), cancel);
        }

        return true;
    }

    // A name becomes a path here, so it must be a valid name of a checkpoint's file.
    private static string FileNameIn(string manifest, ArtifactFile file)
    {
        var name = Path.GetFileName(file.Name);
        return name.Length is > 0 and <= LongestFileName && file.Name == $"{FolderOf(manifest)}/{name}"
            ? name
            : throw ArtifactException.Foreign(manifest, file.Name);
    }

    private string NameOf(long step, string file) => ArtifactLayout.Checkpoint(weights.Run.RunId, weights.Student, weights.Epoch, step, file);

    private static string FolderOf(string blob) => blob[..blob.LastIndexOf('/')];

    private static string EpochOf(string manifest) => FolderOf(FolderOf(manifest));
}
