using System.Collections.Concurrent;
using System.Security.Cryptography;
using Distil.Core.Artifacts;

namespace Distil.Trainer.Jobs;

/// <summary>Artifacts on this machine's disk by their checksum, so that a worker downloads each once and reads back what it wrote itself.</summary>
/// <param name="folder">Shared by the workers of a machine.</param>
internal sealed class ArtifactCache(string folder)
{
    private static readonly ConcurrentDictionary<string, (long Bytes, DateTime Changed)> Checked = new();

    /// <summary>The path of an artifact's copy, downloaded and checked where it was not here.</summary>
    /// <exception cref="ArtifactException">Missing in storage, or damaged.</exception>
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

    /// <summary>Uploads a file and moves it into the cache.</summary>
    public async Task<ArtifactFile> UploadAsync(ArtifactStore store, string blob, string localPath, CancellationToken cancel) =>
        Keep(await store.UploadAsync(blob, localPath, cancel), localPath);

    /// <summary>Moves a file that was uploaded into the cache.</summary>
    public ArtifactFile Keep(ArtifactFile file, string localPath)
    {
        var path = PathOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(localPath, path, overwrite: true);
        return file;
    }

    /// <summary>A new, empty folder for a job's own files. Its name begins with this process's id: after a crash it can be told that nobody uses it.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(folder, "jobs", $"{Environment.ProcessId}-{Guid.NewGuid():N}")).FullName;

    private string PathOf(ArtifactFile file) => file.Sha256.Length == 64 && file.Sha256.All(char.IsAsciiHexDigitLower)
        ? Path.Combine(folder, "artifacts", file.Sha256[..2], file.Sha256 + Path.GetExtension(file.Name))
        : throw ArtifactException.NoChecksum(file);

    // Read through once in a process: a disk may run full, or damage what it holds.
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
