using System.Runtime.Intrinsics;

namespace Distil.Inference.Matrices;

/// <summary>Inputs of a product as integers from −32,512 to 32,512, times a scale for each block of 32, in the place of floats.</summary>
/// <remarks>An input is its blocks' integers, 16 bits each, then their scales, then where the sums of their products start: at −zero · Σ integers, because a
/// weight's integer is its code less the code of zero. A block without a value of at least 1e-30 becomes 0; one that is not finite gives NaN.</remarks>
internal static unsafe class RoundedInputs
{
    private const float Largest = 32_512; // 127 · 256: its upper byte fits after rounding
    private const float Smallest = 1e-30f;
    private const int FloatsOfBlock = Matrix.Block * sizeof(short) / sizeof(float);

    /// <summary>Floats that an input takes.</summary>
    internal static int LengthOf(int blocks) => blocks * (FloatsOfBlock + 2);

    /// <summary>The scales, (blocks).</summary>
    internal static float* Scales(float* input, int blocks) => input + blocks * FloatsOfBlock;

    /// <summary>Where sums start, (blocks).</summary>
    internal static int* Starts(float* input, int blocks) => (int*)(input + blocks * (FloatsOfBlock + 1));

    /// <summary>Rounds inputs.</summary>
    /// <param name="x">(count, columns).</param>
    /// <param name="rounded">(count, <see cref="LengthOf"/>).</param>
    /// <param name="count">Number of inputs.</param>
    /// <param name="columns">Number of columns; what follows them in a block counts as 0.</param>
    /// <param name="zero">The code of zero.</param>
    internal static void Write<TDot>(RowBlock x, RowBlock rounded, int count, int columns, int zero)
        where TDot : struct, IIntegerDot
    {
        var blocks = Matrix.BlocksOf(columns);
        var end = stackalloc float[Matrix.Block];
        new Span<float>(end, Matrix.Block).Clear();
        for (var input = 0; input < count; input++)
        {
            var into = rounded[input];
            for (var block = 0; block < blocks; block++)
            {
                var from = x[input] + block * Matrix.Block;
                if (columns - block * Matrix.Block is < Matrix.Block and var left)
                {
                    new ReadOnlySpan<float>(from, left).CopyTo(new(end, left));
                    from = end;
                }

                Scales(into, blocks)[block] = Write<TDot>(from, (short*)(into + block * FloatsOfBlock), out var sum);
                Starts(into, blocks)[block] = -zero * sum;
            }
        }
    }

    private static float Write<TDot>(float* from, short* to, out int sum)
        where TDot : struct, IIntegerDot
    {
        var (first, second) = (Vector512.Load(from), Vector512.Load(from + 16));
        var size = Vector512.Max(Vector512.Abs(first), Vector512.Abs(second)); // NaN if either is
        var half = Vector256.Max(size.GetLower(), size.GetUpper());
        var quarter = Vector128.Max(half.GetLower(), half.GetUpper());
        var largest = MathF.Max(MathF.Max(quarter[0], quarter[1]), MathF.Max(quarter[2], quarter[3]));
        var factor = Vector512.Create(largest is >= Smallest and < float.PositiveInfinity ? Largest / largest : 0);
        var (low, high) = (Vector512.ConvertToInt32(Vector512.Round(first * factor)), Vector512.ConvertToInt32(Vector512.Round(second * factor)));
        sum = Vector512.Sum(low + high);
        var integers = Vector512.Narrow(low, high);
        integers.Store(to);
        for (var i = 0; i < Matrix.Block; i += Vector128<short>.Count)
        {
            TDot.Order(Vector128.Load(to + i)).Store(to + i);
        }

        return largest / Largest;
    }
}
