using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace Distil.Core.Artifacts;

/// <summary>Copies of artifacts' files on this machine, by their checksum, and folders of jobs: a worker downloads each file once and reads back what it
/// wrote itself.</summary>
/// <param name="folder">The folder, which the workers of a machine share.</param>
public sealed partial class ArtifactCache(string folder)
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
