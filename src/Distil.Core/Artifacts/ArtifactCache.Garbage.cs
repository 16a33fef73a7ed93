using System.Globalization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <content>What <c>gc</c> deletes on this machine.</content>
public sealed partial class ArtifactCache
{
    /// <summary>Finds copies of files that no manifest lists, and folders of processes that have ended. All of these can be fetched or rebuilt.</summary>
    /// <param name="store">The storage of the manifests.</param>
    /// <param name="deleted">Blobs that are about to be deleted: manifests among them do not count.</param>
    /// <param name="cancel">Cancels the search.</param>
    public async Task<IReadOnlyList<FileInfo>> FindUnusedAsync(ArtifactStore store, IEnumerable<string> deleted, CancellationToken cancel)
    {
        var (checksums, gone) = (new HashSet<string>(StringComparer.Ordinal), deleted.ToHashSet(StringComparer.Ordinal));
        await foreach (var artifact in SharedArtifact.ListAsync(store, cancel))
        {
            if (!gone.Contains(artifact.Closing) && await artifact.FindFilesAsync(store, cancel) is { } files)
            {
                checksums.UnionWith(files.Select(file => file.Sha256));
            }
        }

        return [.. Files(_artifacts).Where(file => !checksums.Contains(Path.GetFileNameWithoutExtension(file.Name))),
            .. Files(_jobs).Where(file => !IsAtWork(file))];
    }

    /// <summary>Deletes files, and the folders that are then empty.</summary>
    public static void Delete(IEnumerable<FileInfo> files)
    {
        foreach (var file in files)
        {
            file.Delete();
            for (var parent = file.Directory!; parent.Exists && !parent.EnumerateFileSystemInfos().Any(); parent = parent.Parent!)
            {
                parent.Delete();
            }
        }
    }

    // A job's folder has the name of its process: 1234-….
    private bool IsAtWork(FileInfo file) =>
        int.TryParse(Path.GetRelativePath(_jobs, file.FullName).Split('-', Path.DirectorySeparatorChar)[0], CultureInfo.InvariantCulture, out var process)
        && ProcessTable.IsAlive(process);

    private static IEnumerable<FileInfo> Files(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories) : [];
}
