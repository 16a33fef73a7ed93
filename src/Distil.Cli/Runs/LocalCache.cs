using System.Globalization;
using Distil.Core.Artifacts;
using Distil.Hosting.Processes;

namespace Distil.Cli.Runs;

/// <summary>What workers leave on this machine: copies of artifacts, by checksum, and folders of jobs.</summary>
/// <param name="folder">The workspace's.</param>
internal sealed class LocalCache(string folder)
{
    /// <summary>Copies of artifacts that no manifest names, and folders of processes that have ended. All of it can be fetched or made again.</summary>
    /// <param name="store">Where the manifests are.</param>
    /// <param name="gone">Manifests that are about to go: they count no more.</param>
    /// <param name="cancel">Cancels the search.</param>
    internal async Task<IReadOnlyList<(string Path, long Bytes)>> FindUnusedAsync(ArtifactStore store, IEnumerable<string> gone, CancellationToken cancel)
    {
        var (checksums, going) = (new HashSet<string>(StringComparer.Ordinal), gone.ToHashSet(StringComparer.Ordinal));
        await foreach (var blob in store.ListAsync("datasets/", cancel))
        {
            if (blob.EndsWith("/manifest.json", StringComparison.Ordinal) && !going.Contains(blob) && await store.TryReadJsonAsync<DatasetManifest>(blob, cancel) is { } manifest)
            {
                checksums.UnionWith(manifest.Shards.SelectMany(shard => new[] { shard.Train, shard.Eval }).OfType<TokenFile>().Select(file => file.File.Sha256));
            }
        }

        await foreach (var blob in store.ListAsync("teacher-outputs/", cancel))
        {
            if (blob.EndsWith("/manifest.json", StringComparison.Ordinal) && !going.Contains(blob) && await store.TryReadJsonAsync<TeacherOutputsManifest>(blob, cancel) is { } manifest)
            {
                checksums.UnionWith(manifest.Shards.Select(shard => shard.File).OfType<ArtifactFile>().Select(file => file.Sha256));
            }
        }

        return
        [
            .. Files(Path.Combine(folder, "artifacts")).Where(file => !checksums.Contains(Path.GetFileNameWithoutExtension(file.Path))),
            .. Files(Path.Combine(folder, "jobs")).Where(file => !IsAtWork(Path.GetRelativePath(Path.Combine(folder, "jobs"), file.Path))),
        ];
    }

    /// <summary>Deletes files, and the folders that they leave empty.</summary>
    internal static void Delete(IEnumerable<(string Path, long Bytes)> files)
    {
        foreach (var (path, _) in files)
        {
            File.Delete(path);
            for (var parent = Path.GetDirectoryName(path)!; Directory.Exists(parent) && !Directory.EnumerateFileSystemEntries(parent).Any(); parent = Path.GetDirectoryName(parent)!)
            {
                Directory.Delete(parent);
            }
        }
    }

    // A job's folder is named by its process: 1234-….
    private static bool IsAtWork(string path) =>
        int.TryParse(path.Split('-', Path.DirectorySeparatorChar)[0], CultureInfo.InvariantCulture, out var process) && Signals.IsAlive(process);

    private static IEnumerable<(string Path, long Bytes)> Files(string folder) =>
        Directory.Exists(folder) ? new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).Select(file => (file.FullName, file.Length)) : [];
}
