using System.Runtime.InteropServices;
using Distil.Core.Safetensors;

namespace Distil.Inference.Weights;

/// <summary>A tensor in mapped memory.</summary>
/// <param name="start">Its first byte.</param>
/// <param name="entry">Its type and shape: float32, float16 or bfloat16.</param>
internal readonly unsafe struct MappedTensor(byte* start, SafetensorsEntry entry)
{
    internal const string Float32 = "F32", Float16 = "F16", BFloat16 = "BF16";

    /// <value>Its first byte.</value>
    internal byte* Start => start;

    /// <value>Element type.</value>
    internal string Type => entry.Dtype.Name;

    /// <value>Number of values.</value>
    internal long Count => entry.Shape.Aggregate(1L, (product, size) => product * size);

    /// <summary>Reads some values as float32.</summary>
    /// <param name="from">Index of the first.</param>
    /// <param name="values">Receives them.</param>
    internal void Read(long from, Span<float> values)
    {
        switch (Type)
        {
            case Float32:
                new ReadOnlySpan<float>((float*)start + from, values.Length).CopyTo(values);
                break;
            case Float16:
                var halves = new ReadOnlySpan<Half>((Half*)start + from, values.Length);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)halves[i];
                }

                break;
            default:
                var upper = new ReadOnlySpan<ushort>((ushort*)start + from, values.Length);
                var bits = MemoryMarshal.Cast<float, uint>(values);
                for (var i = 0; i < bits.Length; i++)
                {
                    bits[i] = (uint)upper[i] << 16;
                }

                break;
        }
    }

    /// <summary>Reads all values as float32.</summary>
    internal float[] ReadAll()
    {
        var values = new float[Count];
        Read(0, values);
        return values;
    }
}
