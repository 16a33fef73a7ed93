using System.Runtime.InteropServices;

namespace Distil.Inference.Numerics;

/// <summary>Memory of which every byte is read for each token. In pages of 2 MB, a core reads up to a quarter more of it a second than in pages of 4 KB.</summary>
internal static unsafe partial class LargePages
{
    private const nuint CacheLine = 64;
    private const nuint PageBytes = 2 << 20;
    private const int AdviseHugePages = 14; // MADV_HUGEPAGE

    /// <summary>Allocates memory, aligned to a cache line; free it by <see cref="NativeMemory.AlignedFree"/>.</summary>
    /// <param name="bytes">How much; large pages are asked for from 2 MB on, on Linux, and the system may not give them.</param>
    internal static byte* Allocate(long bytes)
    {
        var (length, isLarge) = (checked((nuint)bytes), OperatingSystem.IsLinux() && bytes >= (long)PageBytes);
        var start = (byte*)NativeMemory.AlignedAlloc(length, isLarge ? PageBytes : CacheLine);
        if (isLarge)
        {
            _ = Advise(start, length / PageBytes * PageBytes, AdviseHugePages); // an error means small pages
        }

        return start;
    }

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int Advise(void* start, nuint length, int advice);
}
