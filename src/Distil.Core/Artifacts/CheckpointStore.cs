using Distil.Core.Specification;

namespace Distil.Core.Artifacts;

/// <summary>The checkpoints of one student of one run.</summary>
/// <param name="store">Where they are.</param>
/// <param name="runId">The run.</param>
/// <param name="student">Which student.</param>
public sealed class CheckpointStore(ArtifactStore store, string runId, StudentVariant student)
{
    private const int LongestFileName = 100;

    /// <summary>Uploads a checkpoint's files, then the manifest that makes them count; then deletes those that nothing needs any more.</summary>
    /// <remarks>Each epoch's last one is kept, and the newest two: the one before the newest stands in where the newest turns out bad.</remarks>
    /// <param name="epoch">Epoch, from 0.</param>
    /// <param name="step">Optimiser steps done in it.</param>
    /// <param name="endOfEpoch">Whether the epoch is done.</param>
    /// <param name="localFiles">Paths; each keeps its file name.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<CheckpointManifest> SaveAsync(int epoch, long step, bool endOfEpoch, IEnumerable<string> localFiles, CancellationToken cancel = default)
    {
        var files = new List<ArtifactFile>();
        foreach (var path in localFiles)
        {
            files.Add(await store.UploadAsync(NameOf(epoch, step, Path.GetFileName(path)), path, cancel));
        }

        var manifest = new CheckpointManifest { Epoch = epoch, Step = step, EndOfEpoch = endOfEpoch, Files = files };
        await store.WriteJsonAsync(NameOf(epoch, step, ArtifactLayout.CheckpointManifestFile), manifest, cancel);
        await PruneAsync(cancel);
        return manifest;
    }

    /// <summary>Downloads the newest checkpoint that is whole. One that is not is reported and the one before it is taken.</summary>
    /// <param name="localFolder">Where its files go, under their own names.</param>
    /// <param name="report">Gets a sentence for each checkpoint that was passed over: its bad blob, and what is used instead.</param>
    /// <param name="throughEpoch">The last epoch (from 0) to look at; null for all.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Null where there is none.</returns>
    public async Task<CheckpointManifest?> RestoreNewestAsync(
        string localFolder, Action<string> report, int? throughEpoch = null, CancellationToken cancel = default)
    {
        string? passedOver = null;
        foreach (var blob in (await ManifestsAsync(cancel)).Reverse())
        {
            try
            {
                var manifest = await store.ReadJsonAsync<CheckpointManifest>(blob, cancel);
                if (manifest.Epoch > throughEpoch)
                {
                    continue;
                }

                foreach (var file in manifest.Files)
                {
                    await store.DownloadAsync(file, Path.Combine(localFolder, FileNameIn(blob, file)), cancel);
                }

                if (passedOver is not null)
                {
                    report($"{passedOver}; using {FolderOf(blob)}");
                }

                return manifest;
            }
            catch (ArtifactException bad)
            {
                passedOver = passedOver is null ? bad.Message : $"{passedOver}; {bad.Message}";
            }
        }

        if (passedOver is not null)
        {
            report($"{passedOver}; there is no checkpoint before it, so training starts anew");
        }

        return null;
    }

    /// <summary>The names of all manifests, oldest first.</summary>
    public async Task<IReadOnlyList<string>> ManifestsAsync(CancellationToken cancel = default)
    {
        var manifests = new List<string>();
        await foreach (var blob in store.ListAsync(ArtifactLayout.Checkpoints(runId, student), cancel))
        {
            if (blob.EndsWith("/" + ArtifactLayout.CheckpointManifestFile, StringComparison.Ordinal))
            {
                manifests.Add(blob);
            }
        }

        manifests.Sort(StringComparer.Ordinal); // the layout's zero-padded numbers make this the order of training
        return manifests;
    }

    private async Task PruneAsync(CancellationToken cancel)
    {
        var manifests = await ManifestsAsync(cancel);
        var kept = manifests.GroupBy(EpochOf).Select(epoch => epoch.Last()).Concat(manifests.TakeLast(2)).ToHashSet();
        foreach (var manifest in manifests.Where(manifest => !kept.Contains(manifest)))
        {
            await store.DeleteAsync(manifest, cancel); // first, so that a checkpoint never counts half
            await foreach (var blob in store.ListAsync(FolderOf(manifest) + "/", cancel))
            {
                await store.DeleteAsync(blob, cancel);
            }
        }
    }

    // A name becomes a path here, so it must be one that a checkpoint can have.
    private static string FileNameIn(string manifest, ArtifactFile file)
    {
        var name = Path.GetFileName(file.Name);
        return name.Length is > 0 and <= LongestFileName && file.Name == $"{FolderOf(manifest)}/{name}"
            ? name
            : throw ArtifactException.Foreign(manifest, file.Name);
    }

    private string NameOf(int epoch, long step, string file) => ArtifactLayout.Checkpoint(runId, student, epoch, step, file);

    private static string FolderOf(string blob) => blob[..blob.LastIndexOf('/')];

    private static string EpochOf(string manifest) => FolderOf(FolderOf(manifest));
}
