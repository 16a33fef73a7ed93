using System.Runtime.InteropServices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Matrices;

/// <summary>The memory of a matrix: its own, or a part of a mapped file, which is not freed with it.</summary>
internal sealed unsafe class BlockStorage : IDisposable
{
    private readonly bool _owns;

    private BlockStorage(byte* data, bool owns)
    {
        Data = data;
        _owns = owns;
    }

    ~BlockStorage() => Free();

    /// <value>Its first byte.</value>
    internal byte* Data { get; private set; }

    /// <summary>Blocks that lie in a mapped file.</summary>
    internal static BlockStorage Mapped(byte* data) => new(data, owns: false);

    /// <summary>New memory.</summary>
    internal static BlockStorage Allocate(long bytes) => new(LargePages.Allocate(bytes), owns: true);

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
        }

        Data = null;
    }
}
