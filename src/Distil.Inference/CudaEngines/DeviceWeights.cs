using Distil.Inference.Cuda;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.CudaEngines;

/// <summary>A student's weights in a card's memory, copied from the form that the engine on the CPU uses.</summary>
internal sealed unsafe class DeviceWeights(CudaCard card) : IDisposable
{
    private const int ChunkInputs = 64, ChunkBytes = ChunkInputs * sizeof(ushort); // of a product's chunk

    private readonly List<DeviceBuffer> _buffers = [];

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

    /// <summary>Copies a vector that a product reads beside its inputs: zeros follow up to a multiple of 64.</summary>
    /// <returns>The address.</returns>
    internal long Inputs(FloatBuffer vector)
    {
        var buffer = Add((vector.Length + ChunkInputs - 1) / ChunkInputs * ChunkInputs * sizeof(float));
        buffer.Write(0, vector.Start, vector.Length * sizeof(float));
        return buffer.Address;
    }

    /// <summary>Copies numbers of eight bytes.</summary>
    /// <returns>The address.</returns>
    internal long Fields(params ReadOnlySpan<long> fields)
    {
        var buffer = Add(fields.Length * sizeof(long));
        buffer.Write(fields);
        return buffer.Address;
    }

    /// <summary>Copies bfloat16 matrices of one width, one below the other; rows have a multiple of 64 columns.</summary>
    internal DeviceMatrix Half(params IReadOnlyList<Matrix> matrices)
    {
        var bytes = (int)(matrices[0].Bytes / matrices[0].Rows); // of a row
        var (rows, stride) = (matrices.Sum(matrix => matrix.Rows), (bytes + ChunkBytes - 1) / ChunkBytes * ChunkBytes);
        var (buffer, offset) = (Add((long)rows * stride), 0L);
        foreach (var matrix in matrices)
        {
            var piece = stride == bytes ? matrix.Rows : 1;
            for (var row = 0; row < matrix.Rows; row += piece, offset += (long)piece * stride)
            {
                buffer.Write(offset, matrix.Storage.Data + (long)row * bytes, (long)piece * bytes);
            }
        }

        return new(buffer.Address, rows, stride / sizeof(ushort));
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

/// <summary>A norm in a card's memory, whose values a product multiplies instead of its inputs.</summary>
/// <param name="Scale">Address of its factors, with zeros up to a multiple of 64.</param>
/// <param name="Epsilon">Added to the mean square.</param>
/// <param name="Width">Number of values.</param>
internal readonly record struct DeviceNorm(long Scale, float Epsilon, int Width);

/// <summary>A bfloat16 matrix in a card's memory.</summary>
/// <param name="Address">Of its first row.</param>
/// <param name="Rows">Number of outputs.</param>
/// <param name="Stride">Columns of a row, a multiple of 64; those behind the last input are 0.</param>
internal readonly record struct DeviceMatrix(long Address, int Rows, int Stride)
{
    /// <value>Bytes that a product reads.</value>
    internal long Bytes => (long)Rows * Stride * sizeof(ushort);
}
