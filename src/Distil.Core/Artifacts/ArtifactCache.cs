using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>Copies of artifacts' files on this machine, by their checksum, and folders of jobs: a worker downloads each file once and reads back what it
/// wrote itself.</summary>
/// <param name="folder">The folder, which the workers of a machine share.</param>
public sealed class ArtifactCache(string folder)
{
    private static readonly ConcurrentDictionary<string, (long Bytes, DateTime Changed)> Checked = new();

    private readonly string _artifacts = Path.Combine(folder, "artifacts");
    private readonly string _jobs = Path.Combine(folder, "jobs");

    /// <summary>Returns the path of a file's copy; downloads and verifies the file if there is none.</summary>
    /// <exception cref="ArtifactException">The file is missing in storage, or damaged.</exception>
    public async Task<string> GetAsync(ArtifactStore store, ArtifactFile file, CancellationToken cancel)
    {
        var path = PathOf(file);
        if (!await IsWholeAsync(path, file, cancel))
        {
            await store.DownloadAsync(file, path, cancel);
        }

        Checked[path] = StampOf(path);
        return path;
    }

    /// <summary>Whether there is a copy of a file; its content is not verified.</summary>
    public bool Contains(ArtifactFile file) => File.Exists(PathOf(file));

    /// <summary>Returns the paths of several files' copies, in order; null for null.</summary>
    /// <exception cref="ArtifactException">Files are missing in storage, or damaged; the exception names all of them.</exception>
    public async Task<IReadOnlyList<string?>> GetAllAsync(ArtifactStore store, IEnumerable<ArtifactFile?> files, CancellationToken cancel)
    {
        var (paths, bad) = (new List<string?>(), new List<ArtifactException>());
        foreach (var file in files)
        {
            try
            {
                paths.Add(file is null ? null : await GetAsync(store, file, cancel));
            }
            catch (ArtifactException one)
            {
                bad.Add(one);
            }
        }

        return bad.Count == 0 ? paths : throw ArtifactException.All(bad);
    }

    /// <summary>Uploads a file and moves it into the cache.</summary>
    public async Task<ArtifactFile> UploadAsync(ArtifactStore store, string blob, string localPath, CancellationToken cancel) =>
        Keep(await store.UploadAsync(blob, localPath, cancel), localPath);

    /// <summary>Moves an uploaded file into the cache.</summary>
    public ArtifactFile Keep(ArtifactFile file, string localPath)
    {
        var path = PathOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(localPath, path, overwrite: true);
        return file;
    }

    /// <summary>Creates an empty folder for a job's own files. Its name begins with this process's id, which shows after a crash that the folder is
    /// unused.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(_jobs, $"{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;

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

    /// <summary>The path of a file's copy, which need not exist.</summary>
    /// <exception cref="ArtifactException">The manifest's checksum is none.</exception>
    public string PathOf(ArtifactFile file) => file.Sha256.Length == 64 && file.Sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(_artifacts, file.Sha256[..2], file.Sha256 + Path.GetExtension(file.Name))
        : throw ArtifactException.NoChecksum(file);

    // Each file is read once in a process: a full disk may have truncated or damaged it.
    private static async Task<bool> IsWholeAsync(string path, ArtifactFile file, CancellationToken cancel)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        if (Checked.TryGetValue(path, out var stamp) && stamp == StampOf(path))
        {
            return true;
        }

        await using var content = File.OpenRead(path);
        return content.Length == file.Bytes && Convert.ToHexStringLower(await SHA256.HashDataAsync(content, cancel)) == file.Sha256;
    }

    private static (long, DateTime) StampOf(string path) => new FileInfo(path) is var info ? (info.Length, info.LastWriteTimeUtc) : default;
}
