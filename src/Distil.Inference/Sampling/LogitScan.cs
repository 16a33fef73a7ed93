using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Sampling;

/// <summary>Passes over the logits of the whole vocabulary, sixteen at a time.</summary>
internal static class LogitScan
{
    /// <summary>The smallest weight that is not 0.</summary>
    internal const float LeastWeight = 1 / Unit;

    /// <summary>Where a weight begins in a key.</summary>
    internal const int KeyShift = 32;

    /// <summary>The bits of 1, the largest weight.</summary>
    internal const uint One = 0x3F800000;

    // Weights are multiples of 1 / Unit, so sums of up to 2²¹ of them are exact in a double: whatever adds them, in any order, gets the same one.
    internal const float Unit = 1L << 32;

    /// <summary>The largest logit.</summary>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    internal static float Max(ReadOnlySpan<float> logits)
    {
        var (max, numbers, i) = (Vector512.Create(float.NegativeInfinity), Vector512<float>.AllBitsSet, 0);
        for (; i + VectorMath.Width <= logits.Length; i += VectorMath.Width)
        {
            var values = Vector512.LoadUnsafe(in MemoryMarshal.GetReference(logits), (nuint)i);
            numbers &= Vector512.Equals(values, values);
            max = Vector512.MaxNative(max, values);
        }

        var (largest, allNumbers) = (float.NegativeInfinity, numbers.AsInt32() == Vector512<int>.AllBitsSet);
        for (var lane = 0; lane < VectorMath.Width; lane++)
        {
            largest = MathF.Max(largest, max[lane]);
        }

        for (; i < logits.Length; i++)
        {
            allNumbers &= !float.IsNaN(logits[i]);
            largest = MathF.Max(largest, logits[i]);
        }

        return !allNumbers ? throw new ArithmeticException($"the logit of token {FirstNaN(logits)} is not a number")
            : float.IsFinite(largest) ? largest
            : throw new ArithmeticException($"the largest logit is {largest}; nothing can be drawn");
    }

    /// <summary>The first token with a logit.</summary>
    internal static int IndexOf(ReadOnlySpan<float> logits, float value)
    {
        var i = 0;
        for (; i + VectorMath.Width <= logits.Length; i += VectorMath.Width)
        {
            var equal = Vector512.Equals(Vector512.LoadUnsafe(in MemoryMarshal.GetReference(logits), (nuint)i), Vector512.Create(value));
            if (equal != Vector512<float>.Zero)
            {
                break;
            }
        }

        while (logits[i] != value)
        {
            i++;
        }

        return i;
    }

    /// <summary>weights = exp((logits − max) · inverseTemperature), rounded to multiples of 2⁻³².</summary>
    /// <param name="logits">(V).</param>
    /// <param name="max">The largest.</param>
    /// <param name="inverseTemperature">1 / T.</param>
    /// <param name="weights">(V) or longer: up to a multiple of 16, the rest becomes 0.</param>
    /// <returns>Their sum, which is exact.</returns>
    internal static double Exponentials(ReadOnlySpan<float> logits, float max, float inverseTemperature, Span<float> weights)
    {
        var whole = logits.Length / VectorMath.Width * VectorMath.Width;
        logits[whole..].CopyTo(weights[whole..]);
        weights[logits.Length..].Fill(float.NegativeInfinity);
        var sum = Vector512<double>.Zero;
        ref var start = ref MemoryMarshal.GetReference(weights);
        ref var from = ref MemoryMarshal.GetReference(logits);
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var logit = Vector512.LoadUnsafe(ref i < whole ? ref from : ref start, (nuint)i);
            var value = VectorMath.Exp((logit - Vector512.Create(max)) * Vector512.Create(inverseTemperature));
            value = Vector512.Round(value * Unit) * LeastWeight;
            value.StoreUnsafe(ref start, (nuint)i);
            var (lower, upper) = Vector512.Widen(value);
            sum += lower + upper;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>Finds the weights whose bits lie in a range.</summary>
    /// <param name="weights">≥ 0; a multiple of 16.</param>
    /// <param name="low">Smallest bits.</param>
    /// <param name="high">Largest bits.</param>
    /// <param name="keys">Receives a key for each, which sorts heavy weights first and equal ones by index: how far the bits are below those of 1, then the index.</param>
    /// <returns>How many were found; further ones than fit are left out.</returns>
    internal static int Collect(ReadOnlySpan<float> weights, uint low, uint high, Span<ulong> keys)
    {
        var (found, first, last) = (0, Vector512.Create(low), Vector512.Create(high));
        ref var start = ref MemoryMarshal.GetReference(weights);
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var bits = Vector512.LoadUnsafe(ref start, (nuint)i).AsUInt32();
            var inside = (Vector512.GreaterThanOrEqual(bits, first) & Vector512.LessThanOrEqual(bits, last)).ExtractMostSignificantBits();
            for (; inside != 0 && found < keys.Length; inside &= inside - 1)
            {
                var lane = BitOperations.TrailingZeroCount(inside);
                keys[found++] = ((ulong)(One - bits[lane]) << KeyShift) | (uint)(i + lane);
            }
        }

        return found;
    }

    private static int FirstNaN(ReadOnlySpan<float> logits)
    {
        for (var i = 0; ; i++)
        {
            if (float.IsNaN(logits[i]))
            {
                return i;
            }
        }
    }
}
