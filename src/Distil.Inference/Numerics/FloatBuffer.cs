using System.Runtime.InteropServices;

namespace Distil.Inference.Numerics;

/// <summary>Zeroed floats outside the garbage-collected heap, aligned to a cache line: kernels use the address, and threads share it.</summary>
internal sealed unsafe class FloatBuffer : IDisposable
{
    private const nuint CacheLine = 64;

    private float* _start;

    /// <param name="length">Number of floats, ≥ 0.</param>
    internal FloatBuffer(long length)
    {
        Length = length;
        var bytes = checked((nuint)Math.Max(length, 1) * sizeof(float));
        _start = (float*)NativeMemory.AlignedAlloc(bytes, CacheLine);
        NativeMemory.Clear(_start, bytes);
    }

    ~FloatBuffer() => Free();

    /// <value>Number of floats.</value>
    internal long Length { get; }

    /// <value>Address of the first.</value>
    /// <exception cref="ObjectDisposedException">The memory is freed.</exception>
    internal float* Start => _start is not null ? _start : throw new ObjectDisposedException(nameof(FloatBuffer));

    /// <summary>A part of it.</summary>
    internal Span<float> Span(long from, int length)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(from + length, Length);
        return new(Start + from, length);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Free();
        GC.SuppressFinalize(this);
    }

    private void Free()
    {
        NativeMemory.AlignedFree(_start);
        _start = null;
    }
}
