using Distil.Core.Artifacts;

namespace Distil.Trainer.Jobs;

/// <summary>Artifacts on this machine's disk by their checksum, so that a worker downloads each once and reads back what it wrote itself.</summary>
/// <param name="folder">Shared by the workers of a machine.</param>
internal sealed class ArtifactCache(string folder)
{
    /// <summary>The environment variable that names the folder.</summary>
    public const string FolderVariable = "DISTIL_CACHE";

    /// <value>The folder that <see cref="FolderVariable"/> names, else one under the temporary folder.</value>
    public static ArtifactCache Default => new(
        Environment.GetEnvironmentVariable(FolderVariable) is { Length: > 0 } named ? named : Path.Combine(Path.GetTempPath(), "distil-cache"));

    /// <summary>The path of an artifact's copy, downloaded and checked where it was not here.</summary>
    /// <exception cref="ArtifactException">Missing in storage, or damaged.</exception>
    public async Task<string> GetAsync(ArtifactStore store, ArtifactFile file, CancellationToken cancel)
    {
        var path = PathOf(file);
        if (!IsWhole(path, file))
            await store.DownloadAsync(file, path, cancel);

        return path;
    }

    /// <summary>Uploads a file and moves it into the cache.</summary>
    public async Task<ArtifactFile> UploadAsync(ArtifactStore store, string blob, string localPath, CancellationToken cancel)
    {
        var file = await store.UploadAsync(blob, localPath, cancel);
        var path = PathOf(file);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.Move(localPath, path, overwrite: true);
        return file;
    }

    /// <summary>A new, empty folder for a job's own files.</summary>
    public string NewFolder() => Directory.CreateDirectory(Path.Combine(folder, "jobs", Guid.NewGuid().ToString("N"))).FullName;

    private string PathOf(ArtifactFile file) => Path.Combine(folder, "artifacts", file.Sha256[..2], file.Sha256 + Path.GetExtension(file.Name));

    // Files get their name when they are whole and checked; the length guards against a disk that ran full under another program.
    private static bool IsWhole(string path, ArtifactFile file) => new FileInfo(path) is { Exists: true } info && info.Length == file.Bytes;
}
