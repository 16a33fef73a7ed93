namespace Distil.Core;

/// <summary>The room on this machine.</summary>
public static class Machine
{
    /// <value>Bytes of memory that this process may use: the machine's, or its container's.</value>
    public static long MemoryBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes of a folder's file system that this user may still write.</summary>
    /// <param name="folder">The folder, or one that is yet to be created.</param>
    public static long FreeBytes(string folder) => new DriveInfo(Existing(folder)).AvailableFreeSpace;

    private static string Existing(string folder)
    {
        var path = Path.GetFullPath(folder);
        while (!Directory.Exists(path) && Path.GetDirectoryName(path) is { } parent)
        {
            path = parent;
        }

        return path;
    }
}
