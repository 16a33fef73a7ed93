using Distil.Inference.Matrices;
using Distil.Inference.Numerics;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>Brings tensors of a mapped file into the forms that layers use.</summary>
internal static unsafe class EngineWeights
{
    /// <summary>A matrix in a format; in the mapped file itself if that is the file's format and needs no padding.</summary>
    internal static Matrix Dense(MappedTensor tensor, int rows, int columns, WeightFormat format)
    {
        var stored = tensor.Type == MappedTensor.BFloat16 ? WeightFormat.BFloat16 : WeightFormat.Float32;
        var wanted = format == WeightFormat.AsStored ? stored : format;
        if (wanted == stored && columns % Matrix.Block == 0 && tensor.Type is MappedTensor.Float32 or MappedTensor.BFloat16)
        {
            var storage = BlockStorage.Mapped(tensor.Start);
            return stored == WeightFormat.BFloat16
                ? new BlockMatrix<BFloat16Format>(rows, columns, storage) : new BlockMatrix<Float32Format>(rows, columns, storage);
        }

        return MatrixBuilder.Build(wanted, rows, columns, (row, values) => tensor.Read((long)row * columns, values));
    }

    /// <summary>Two matrices of one width, one below the other, in float32.</summary>
    internal static Matrix Stacked(MappedTensor first, MappedTensor second, int rowsOfEach, int columns) => MatrixBuilder.Build(
        WeightFormat.Float32, 2 * rowsOfEach, columns,
        (row, values) => (row < rowsOfEach ? first : second).Read((long)(row % rowsOfEach) * columns, values));

    /// <summary>A matrix of each head, (heads, inputs, outputs), with its columns as rows, in float32.</summary>
    internal static Matrix Transposed(MappedTensor tensor, int heads, int inputs, int outputs)
    {
        var stored = tensor.ReadAll();
        return MatrixBuilder.Build(WeightFormat.Float32, heads * outputs, inputs, (row, values) =>
        {
            for (var i = 0; i < inputs; i++)
            {
                values[i] = stored[((row / outputs * inputs) + i) * outputs + (row % outputs)];
            }
        });
    }

    /// <summary>The values of tensors, one after the other.</summary>
    internal static FloatBuffer Vector(params ReadOnlySpan<MappedTensor> tensors)
    {
        var values = new List<float>();
        foreach (var tensor in tensors)
        {
            values.AddRange(tensor.ReadAll());
        }

        return Vector([.. values]);
    }

    /// <summary>1 + w.</summary>
    internal static FloatBuffer OnePlus(MappedTensor tensor) => Vector([.. tensor.ReadAll().Select(w => 1 + w)]);

    /// <summary>Values in native memory.</summary>
    internal static FloatBuffer Vector(float[] values)
    {
        var buffer = new FloatBuffer(values.Length);
        values.CopyTo(buffer.Span(0, values.Length));
        return buffer;
    }
}
