using Distil.Cli.Display;
using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Core.Runs.Planning;

namespace Distil.Cli.Hosting;

/// <summary>Compares what runs may write with the free space of this machine's disks.</summary>
/// <param name="storage">Folder of the local storage; null if the storage is an account elsewhere.</param>
/// <param name="cache">Folder of the jobs' own files and of copies of artifacts.</param>
/// <param name="temporary">Folder for temporary files.</param>
/// <param name="free">Free bytes of a folder's file system.</param>
internal sealed class DiskSpace(string? storage, string cache, string temporary, Func<string, long> free)
{
    /// <summary>Space for documents, journals and logs, on each disk.</summary>
    internal const long Reserve = 2 << 20;

    /// <summary>The disks of a workspace.</summary>
    /// <param name="workspace">Its folders.</param>
    /// <param name="storageIsLocal">Whether the storage is in it, and not an account elsewhere.</param>
    internal static DiskSpace Of(Workspace workspace, bool storageIsLocal) =>
        new(storageIsLocal ? workspace.Home : null, workspace.Cache, Path.GetTempPath(), Machine.FreeBytes);

    /// <summary>The disk with too little space; null if all have enough. Folders on one file system share its space.</summary>
    internal Shortage? Find(SpaceNeeded needed)
    {
        (string? Folder, long Bytes)[] places = [(storage, needed.Storage), (cache, needed.Cache), (temporary, 0)];
        foreach (var volume in places.Where(place => place.Folder is not null).GroupBy(place => Machine.VolumeOf(place.Folder!)))
        {
            var bytes = volume.Sum(place => place.Bytes) + Reserve;
            var folder = volume.First().Folder!;
            if (free(folder) is var left && left < bytes)
            {
                return new Shortage(folder, left, bytes);
            }
        }

        return null;
    }
}

/// <summary>A disk with too little space.</summary>
/// <param name="Folder">A folder on it.</param>
/// <param name="Free">Its free bytes.</param>
/// <param name="Needed">Bytes that may be written.</param>
internal sealed record Shortage(string Folder, long Free, long Needed)
{
    /// <inheritdoc/>
    public override string ToString() => $"the disk of {Folder} has {ByteSize.Of(Free)} free, and up to {ByteSize.Of(Needed)} are needed";
}
