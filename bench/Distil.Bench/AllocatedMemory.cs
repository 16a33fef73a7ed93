using System.Runtime.InteropServices;

namespace Distil.Bench;

/// <summary>Memory that this process has allocated outside the managed heap and not freed; the resident set would include freed memory too.</summary>
internal static class AllocatedMemory
{
    /// <value>Whether the C library reports it, as glibc does.</value>
    public static bool IsKnown => OperatingSystem.IsLinux() && NativeLibrary.TryGetExport(NativeLibrary.GetMainProgramHandle(), "mallinfo2", out _);

    /// <value>Bytes in all arenas and in separate mappings.</value>
    public static long Bytes
    {
        get
        {
            var now = Read();
            return (long)(now.InArenas + now.Mapped);
        }
    }

    [DllImport("libc", EntryPoint = "mallinfo2")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern Allocations Read();

    /// <summary><c>struct mallinfo2</c>.</summary>
    [StructLayout(LayoutKind.Sequential)]
    private readonly struct Allocations
    {
        private readonly nuint _arena, _freeChunks, _fastChunks, _mappedRegions;
        public readonly nuint Mapped;
        private readonly nuint _most, _freeFast;
        public readonly nuint InArenas;
        private readonly nuint _free, _trimmable;
    }
}
