using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Sampling;

/// <summary>How many weights are in each range of weights, the heaviest first, and their sums: 64 ranges for each halving.</summary>
/// <remarks>Floats that are not negative are ordered as their bits are, so a range is one of bits. Sums are numbers of 2⁻³², so they are exact.</remarks>
internal sealed class WeightHistogram
{
    /// <summary>Number of ranges, from 1 to 2⁻³².</summary>
    internal const int Ranges = (32 << (MantissaBits - RangeBits)) + 1;

    private const ulong AllLanes = (1UL << VectorMath.Width) - 1;
    private const int MantissaBits = 23, RangeBits = 17; // of a range

    private readonly Vector128<ulong>[] _ranges = new Vector128<ulong>[2 * Ranges]; // sum, count; of every second weight, behind them of the others
    private readonly (long Count, double Mass)[] _totals = new (long, double)[Ranges];

    /// <value>The smallest weight that was counted; positive infinity before <see cref="Count"/>.</value>
    internal float Least { get; private set; } = float.PositiveInfinity;

    /// <summary>The range of a weight, from <see cref="LogitScan.LeastWeight"/> to 1.</summary>
    internal static int RangeOf(float weight) => (int)((LogitScan.One - BitConverter.SingleToUInt32Bits(weight)) >> RangeBits);

    /// <summary>The smallest and the largest bits of a range's weights.</summary>
    internal static (uint Low, uint High) Bits(int range) => (LogitScan.One - (((uint)range + 1) << RangeBits) + 1, LogitScan.One - ((uint)range << RangeBits));

    /// <value>How many weights are in each range, and their sum.</value>
    internal ReadOnlySpan<(long Count, double Mass)> Totals => _totals;

    /// <summary>Forgets all weights.</summary>
    internal void Clear() => Least = float.PositiveInfinity;

    /// <summary>Counts weights.</summary>
    /// <param name="weights">0 to 1, multiples of 2⁻³²; a multiple of 16.</param>
    /// <param name="least">Weights below this, which is at least 2⁻³², are left out.</param>
    internal void Count(ReadOnlySpan<float> weights, float least)
    {
        Least = least;
        Array.Clear(_ranges);
        ref var from = ref MemoryMarshal.GetReference(weights);
        ref var even = ref MemoryMarshal.GetArrayDataReference(_ranges);
        ref var odd = ref _ranges[Ranges];
        Span<uint> indices = stackalloc uint[VectorMath.Width];
        Span<ulong> masses = stackalloc ulong[VectorMath.Width];
        ref var index = ref MemoryMarshal.GetReference(indices);
        ref var mass = ref MemoryMarshal.GetReference(masses);
        var exact = Vector512.Create((double)(1L << 52)); // whose last bit is 1
        for (var i = 0; i < weights.Length; i += VectorMath.Width)
        {
            var value = Vector512.LoadUnsafe(ref from, (nuint)i);
            var counted = Vector512.GreaterThanOrEqual(value, Vector512.Create(least)).ExtractMostSignificantBits();
            if (counted == 0)
            {
                continue;
            }

            ((Vector512.Create(LogitScan.One) - value.AsUInt32()) >>> RangeBits).StoreUnsafe(ref index);
            var (lower, upper) = Vector512.Widen(value);
            ((lower * LogitScan.Unit) + exact).AsUInt64().StoreUnsafe(ref mass);
            ((upper * LogitScan.Unit) + exact).AsUInt64().StoreUnsafe(ref mass, 8);
            if (counted == AllLanes)
            {
                for (var lane = 0; lane < VectorMath.Width; lane += 2)
                {
                    Add(ref even, in index, in mass, lane);
                    Add(ref odd, in index, in mass, lane + 1); // neighbours are often in one range: their additions do not wait for each other
                }

                continue;
            }

            for (; counted != 0; counted &= counted - 1)
            {
                Add(ref even, in index, in mass, BitOperations.TrailingZeroCount(counted));
            }
        }

        for (var range = 0; range < Ranges; range++)
        {
            var both = _ranges[range] + _ranges[Ranges + range];
            _totals[range] = ((long)both[1], both[0] * (double)LogitScan.LeastWeight);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(ref Vector128<ulong> ranges, ref readonly uint indices, ref readonly ulong masses, int lane) =>
        Unsafe.Add(ref ranges, Unsafe.Add(ref Unsafe.AsRef(in indices), lane)) +=
            Vector128.Create(Unsafe.Add(ref Unsafe.AsRef(in masses), lane) & ((1UL << 52) - 1), 1UL);
}
