using System.Globalization;

namespace Distil.Core;

/// <summary>The disk space, memory and load of this machine.</summary>
public static class Machine
{
    private const string LoadFile = "/proc/loadavg";

    /// <value>Mean number of processes that wanted to run in the last minute; null if the system does not say it.</value>
    public static double? Load => File.Exists(LoadFile) ? double.Parse(File.ReadAllText(LoadFile).Split(' ')[0], CultureInfo.InvariantCulture) : null;

    /// <value>Bytes of memory that this process may use: the machine's, or its container's.</value>
    public static long MemoryBytes => GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;

    /// <summary>Bytes of a folder's file system that this user may still write.</summary>
    /// <param name="folder">The folder, or one that is yet to be created.</param>
    public static long FreeBytes(string folder) => new DriveInfo(Existing(folder)).AvailableFreeSpace;

    /// <summary>The root of the file system that a folder is on: folders with the same root share its space.</summary>
    /// <param name="folder">The folder, or one that is yet to be created.</param>
    public static string VolumeOf(string folder)
    {
        var path = Path.TrimEndingDirectorySeparator(Existing(folder)) + Path.DirectorySeparatorChar;
        return DriveInfo.GetDrives().Select(drive => drive.Name).Where(root => path.StartsWith(
            Path.EndsInDirectorySeparator(root) ? root : root + Path.DirectorySeparatorChar, StringComparison.Ordinal)).MaxBy(root => root.Length) ?? path;
    }

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
