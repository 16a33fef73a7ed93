using System.Runtime.InteropServices;
using System.Text;
using Distil.Core.Errors;

namespace Distil.Core;

/// <summary>Opens files that a user names, or that are in a folder that a user names.</summary>
internal static class InputFile
{
    private const int FromEnd = 2;
    private const int NoSuchDevice = 6;

    /// <summary>Opens a file for reading.</summary>
    /// <exception cref="InvalidInputException">It is missing, may not be read, or is no regular file.</exception>
    public static FileStream Open(string path)
    {
        RequireRegular(path);
        try
        {
            return File.OpenRead(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Throws if a path leads to a pipe, a socket or a device: reading it waits for another program, or never ends. A path at which nothing can be
    /// opened is left to its reader.</summary>
    /// <exception cref="InvalidInputException">It does.</exception>
    public static void RequireRegular(string path)
    {
        if (!OperatingSystem.IsWindows() && !IsRegular(path))
        {
            throw new InvalidInputException($"{path}: is a pipe, a socket or a device; expected a file (write a program's output to a file first)");
        }
    }

    private static bool IsRegular(string path)
    {
        // Does not wait for the other end of a pipe, and leaves no handle to child processes: O_NONBLOCK | O_CLOEXEC.
        var file = Open(Encoding.UTF8.GetBytes(path + '\0'), OperatingSystem.IsLinux() ? 0x800 | 0x80000 : 0x4 | 0x1000000);
        if (file < 0)
        {
            return Marshal.GetLastPInvokeError() != NoSuchDevice; // what opening a socket fails with
        }

        try
        {
            var length = Seek(file, 0, FromEnd);
            return length > 0 || (length == 0 && Read(file, new byte[1], 1) <= 0); // a device, or a file of the system, has bytes in spite of its length
        }
        finally
        {
            _ = Close(file);
        }
    }

    [DllImport("libc", EntryPoint = "open", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Open(byte[] path, int flags);

    [DllImport("libc", EntryPoint = "lseek")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern long Seek(int file, long offset, int from);

    [DllImport("libc", EntryPoint = "read")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern nint Read(int file, byte[] into, nint count);

    [DllImport("libc", EntryPoint = "close")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Close(int file);
}
