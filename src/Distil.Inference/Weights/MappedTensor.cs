using System.Numerics;
using System.Runtime.InteropServices;
using Distil.Core.Safetensors;

namespace Distil.Inference.Weights;

/// <summary>A tensor in mapped memory.</summary>
/// <param name="start">Its first byte.</param>
/// <param name="entry">Its type and shape: float64, float32, float16 or bfloat16.</param>
internal readonly unsafe struct MappedTensor(byte* start, SafetensorsEntry entry)
{
    internal const string Float64 = "F64", Float32 = "F32", Float16 = "F16", BFloat16 = "BF16";

    // The bits of an exponent: they are all set if a number is infinite or not a number.
    private const uint Exponent32 = 0x7F80_0000;
    private const int Piece = 1 << 20;
    private const ushort Exponent16 = 0x7C00, BExponent16 = 0x7F80;

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
            case Float64:
                var doubles = new ReadOnlySpan<double>((double*)start + from, values.Length);
                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = (float)doubles[i];
                }

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

    /// <summary>One value.</summary>
    internal float At(long index)
    {
        var value = 0f;
        Read(index, new(ref value));
        return value;
    }

    /// <summary>The index of the first value that is infinite or not a number as float32; null if there is none.</summary>
    internal long? FindNotFinite()
    {
        for (long from = 0, count = Count; from < count; from += Piece)
        {
            var length = (int)Math.Min(Piece, count - from);
            var at = Type switch
            {
                Float32 => Find(new ReadOnlySpan<uint>((uint*)start + from, length), Exponent32),
                Float16 => Find(new ReadOnlySpan<ushort>((ushort*)start + from, length), Exponent16),
                BFloat16 => Find(new ReadOnlySpan<ushort>((ushort*)start + from, length), BExponent16),
                _ => Converted(from, length),
            };
            if (at >= 0)
            {
                return from + at;
            }
        }

        return null;
    }

    private int Converted(long from, int length)
    {
        var values = new float[length];
        Read(from, values);
        return Array.FindIndex(values, value => !float.IsFinite(value));
    }

    /// <summary>The index of the first number whose exponent is all ones; -1 if there is none.</summary>
    private static int Find<T>(ReadOnlySpan<T> numbers, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        var (at, all) = (0, new Vector<T>(exponent));
        while (at + Vector<T>.Count <= numbers.Length && !Vector.EqualsAny(new Vector<T>(numbers[at..]) & all, all))
        {
            at += Vector<T>.Count;
        }

        for (; at < numbers.Length; at++)
        {
            if ((numbers[at] & exponent) == exponent)
            {
                return at;
            }
        }

        return -1;
    }
}
