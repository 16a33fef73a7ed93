using System.Numerics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Sampling;

/// <summary>Passes over the logits of the whole vocabulary, sixteen at a time.</summary>
internal static class LogitScan
{
    // Vectors of a block that stays in the cache while it is compared with every threshold.
    private const int BlockVectors = 64;

    /// <summary>The smallest weight that is not 0.</summary>
    internal const float LeastWeight = 1 / Unit;

    // Weights are multiples of 1 / Unit, so sums of up to 2²¹ of them are exact in a double: whatever adds them, in any order, gets the same one.
    private const float Unit = 1L << 32;

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
        logits.CopyTo(weights);
        weights[logits.Length..].Fill(float.NegativeInfinity);
        var sum = Vector512<double>.Zero;
        ref var start = ref MemoryMarshal.GetReference(weights);
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var value = VectorMath.Exp((Vector512.LoadUnsafe(ref start, (nuint)i) - Vector512.Create(max)) * Vector512.Create(inverseTemperature));
            value = Vector512.Round(value * Unit) * LeastWeight;
            value.StoreUnsafe(ref start, (nuint)i);
            var (lower, upper) = Vector512.Widen(value);
            sum += lower + upper;
        }

        return Vector512.Sum(sum);
    }

    /// <summary>Counts and adds up the weights from each of some thresholds on.</summary>
    /// <param name="weights">≥ 0; a multiple of 16.</param>
    /// <param name="thresholds">Ascending or not.</param>
    /// <param name="counts">How many weights are ≥ each threshold.</param>
    /// <param name="masses">Their sums.</param>
    /// <param name="exactly">Whether the sums are exact, which takes longer, or rounded.</param>
    internal static void Measure(ReadOnlySpan<float> weights, ReadOnlySpan<float> thresholds, Span<long> counts, Span<double> masses, bool exactly)
    {
        counts.Clear();
        masses.Clear();
        const int Length = BlockVectors * VectorMath.Width;
        for (var i = 0; i < weights.Length; i += Length)
        {
            var block = weights.Slice(i, Math.Min(Length, weights.Length - i));
            for (var j = 0; j < thresholds.Length; j++)
            {
                if (exactly)
                {
                    MeasureBlock(block, thresholds[j], ref counts[j], ref masses[j]);
                }
                else
                {
                    EstimateBlock(block, thresholds[j], ref counts[j], ref masses[j]);
                }
            }
        }
    }

    /// <summary>Finds the weights whose bits lie in a range.</summary>
    /// <param name="weights">≥ 0; a multiple of 16.</param>
    /// <param name="low">Smallest bits.</param>
    /// <param name="high">Largest bits.</param>
    /// <param name="keys">Receives a key for each, which sorts heavy weights first and equal ones by index: the complement of the bits, then the index.</param>
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
                keys[found++] = ((ulong)~bits[lane] << 32) | (uint)(i + lane);
            }
        }

        return found;
    }

    private static void MeasureBlock(ReadOnlySpan<float> weights, float threshold, ref long count, ref double mass)
    {
        var (sum, negatives, least) = (Vector512<double>.Zero, Vector512<int>.Zero, Vector512.Create(threshold));
        ref var start = ref MemoryMarshal.GetReference(weights);
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var value = Vector512.LoadUnsafe(ref start, (nuint)i);
            var counted = Vector512.GreaterThanOrEqual(value, least);
            var (lower, upper) = Vector512.Widen(value & counted);
            sum += lower + upper;
            negatives += counted.AsInt32();
        }

        count -= Vector512.Sum(negatives);
        mass += Vector512.Sum(sum);
    }

    private static void EstimateBlock(ReadOnlySpan<float> weights, float threshold, ref long count, ref double mass)
    {
        var (sum, negatives, least) = (Vector512<float>.Zero, Vector512<int>.Zero, Vector512.Create(threshold));
        ref var start = ref MemoryMarshal.GetReference(weights);
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var value = Vector512.LoadUnsafe(ref start, (nuint)i);
            var counted = Vector512.GreaterThanOrEqual(value, least);
            sum += value & counted;
            negatives += counted.AsInt32();
        }

        count -= Vector512.Sum(negatives);
        mass += Vector512.Sum(sum);
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
