using System.Runtime.InteropServices;

namespace Distil.Inference.Matrices;

/// <summary>The memory of a matrix: its own, or a part of a mapped file, which is not freed with it.</summary>
internal sealed unsafe class BlockStorage : IDisposable
{
    private const nuint CacheLine = 64;

    private readonly bool _owns;

    private BlockStorage(byte* data, float* scales, bool owns)
    {
        Data = data;
        Scales = scales;
        _owns = owns;
    }

    ~BlockStorage() => Free();

    /// <value>The blocks, row by row.</value>
    internal byte* Data { get; private set; }

    /// <value>The blocks' scales, row by row; null if the format has none.</value>
    internal float* Scales { get; private set; }

    /// <summary>Blocks that lie in a mapped file.</summary>
    internal static BlockStorage Mapped(byte* data) => new(data, null, owns: false);

    /// <summary>New memory.</summary>
    internal static BlockStorage Allocate(long bytes, long scales) => new(
        (byte*)NativeMemory.AlignedAlloc(checked((nuint)bytes), CacheLine),
        scales == 0 ? null : (float*)NativeMemory.AlignedAlloc(checked((nuint)scales * sizeof(float)), CacheLine), owns: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        if (_owns)
        {
            NativeMemory.AlignedFree(Data);
            NativeMemory.AlignedFree(Scales);
        }

        Data = null;
        Scales = null;
    }
}
