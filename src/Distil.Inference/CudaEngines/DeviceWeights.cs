using Distil.Inference.Cuda;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.CudaEngines;

/// <summary>A student's weights in a card's memory, copied from the form that the engine on the CPU uses.</summary>
internal sealed unsafe class DeviceWeights(CudaCard card) : IDisposable
{
    private const int ChunkBytes = 128; // a product's chunk of 64 inputs

    private readonly List<DeviceBuffer> _buffers = [];

    /// <value>Bytes of all.</value>
    internal long Bytes => _buffers.Sum(buffer => buffer.Bytes);

    /// <summary>Copies vectors, one behind the other.</summary>
    /// <returns>The address.</returns>
    internal long Floats(params ReadOnlySpan<FloatBuffer> vectors)
    {
        var total = 0L;
        foreach (var vector in vectors)
        {
            total += vector.Length * sizeof(float);
        }

        var (buffer, offset) = (Add(total), 0L);
        foreach (var vector in vectors)
        {
            buffer.Write(offset, vector.Start, vector.Length * sizeof(float));
            offset += vector.Length * sizeof(float);
        }

        return buffer.Address;
    }

    /// <summary>Copies float32 matrices, one below the other; rows have a multiple of 32 columns.</summary>
    /// <returns>The address.</returns>
    internal long Floats(params IReadOnlyList<Matrix> matrices)
    {
        var (buffer, offset) = (Add(matrices.Sum(matrix => matrix.Bytes)), 0L);
        foreach (var matrix in matrices)
        {
            buffer.Write(offset, matrix.Storage.Data, matrix.Bytes);
            offset += matrix.Bytes;
        }

        return buffer.Address;
    }

    /// <summary>Copies bytes.</summary>
    /// <returns>The address.</returns>
    internal long Raw(byte* from, long bytes)
    {
        var buffer = Add(bytes);
        buffer.Write(0, from, bytes);
        return buffer.Address;
    }

    /// <summary>Copies a bfloat16 matrix; rows have a multiple of 64 columns.</summary>
    internal DeviceMatrix Half(Matrix matrix)
    {
        var stride = (matrix.RowBytes + ChunkBytes - 1) / ChunkBytes * ChunkBytes;
        var buffer = Add((long)matrix.Rows * stride);
        var piece = stride == matrix.RowBytes ? matrix.Rows : 1;
        for (var row = 0; row < matrix.Rows; row += piece)
        {
            buffer.Write((long)row * stride, matrix.Storage.Data + (long)row * matrix.RowBytes, (long)piece * matrix.RowBytes);
        }

        return new(buffer.Address, matrix.Rows, stride / sizeof(ushort));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _buffers)
        {
            buffer.Dispose();
        }
    }

    private DeviceBuffer Add(long bytes)
    {
        var buffer = new DeviceBuffer(card, Math.Max(bytes, 1));
        _buffers.Add(buffer);
        return buffer;
    }
}

/// <summary>A bfloat16 matrix in a card's memory.</summary>
/// <param name="Address">Of its first row.</param>
/// <param name="Rows">Number of outputs.</param>
/// <param name="Stride">Columns of a row, a multiple of 64; those behind the last input are 0.</param>
internal readonly record struct DeviceMatrix(long Address, int Rows, int Stride)
{
    /// <value>Bytes that a product reads.</value>
    internal long Bytes => (long)Rows * Stride * sizeof(ushort);
}
