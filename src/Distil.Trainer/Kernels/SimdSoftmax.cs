using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Distil.Trainer.Kernels;

/// <summary>Vectorised passes of a softmax over one row in memory.</summary>
internal static class SimdSoftmax
{
    private static int Lanes => Vector<float>.Count;

    /// <summary>Returns the largest value.</summary>
    internal static float Max(ReadOnlySpan<float> values)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(values);
        var most = new Vector<float>(float.NegativeInfinity);
        foreach (var vector in whole)
        {
            most = Vector.Max(most, vector);
        }
        var result = float.NegativeInfinity;
        for (var i = 0; i < Lanes; i++)
        {
            result = Math.Max(result, most[i]);
        }
        foreach (var value in values[(whole.Length * Lanes)..])
        {
            result = Math.Max(result, value);
        }
        return result;
    }

    /// <summary>Replaces z by exp((z − max)·scale), and writes exp(z − max) to <paramref name="plain"/> if that is not empty.</summary>
    /// <returns>The sums of both; 0 for the second if <paramref name="plain"/> is empty.</returns>
    internal static (double Scaled, double Plain) Exponentials(Span<float> z, float max, float scale, Span<float> plain)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(z);
        var wholePlain = MemoryMarshal.Cast<float, Vector<float>>(plain);
        var (sum, sumPlain) = (Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i < whole.Length; i++)
        {
            var shifted = whole[i] - new Vector<float>(max);
            sum += whole[i] = Exp(shifted * scale);
            if (!plain.IsEmpty)
            {
                sumPlain += wholePlain[i] = Exp(shifted);
            }
        }

        double total = Vector.Sum(sum), totalPlain = Vector.Sum(sumPlain);
        for (var i = whole.Length * Lanes; i < z.Length; i++)
        {
            var shifted = z[i] - max;
            total += z[i] = MathF.Exp(shifted * scale);
            if (!plain.IsEmpty)
            {
                totalPlain += plain[i] = MathF.Exp(shifted);
            }
        }

        return (total, totalPlain);
    }

    /// <summary>Replaces e by a·plain + b·e; if <paramref name="plain"/> is empty, e is used for both.</summary>
    internal static void Combine(Span<float> e, ReadOnlySpan<float> plain, float a, float b)
    {
        var whole = MemoryMarshal.Cast<float, Vector<float>>(e);
        if (plain.IsEmpty)
        {
            plain = e;
            (a, b) = (0, a + b);
        }

        var wholePlain = MemoryMarshal.Cast<float, Vector<float>>(plain);
        for (var i = 0; i < whole.Length; i++)
        {
            whole[i] = wholePlain[i] * a + whole[i] * b;
        }
        for (var i = whole.Length * Lanes; i < e.Length; i++)
        {
            e[i] = plain[i] * a + e[i] * b;
        }
    }

    /// <summary>e^x for x ≤ 0 to about 2 units in the last place; 0 below −87.</summary>
    /// <remarks>x = n·ln 2 + r: a polynomial in r (Cephes), multiplied by 2ⁿ through the exponent bits.</remarks>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector<float> Exp(Vector<float> x)
    {
        var n = Vector.Round(x * 1.44269504f);
        var r = Vector.FusedMultiplyAdd(n, new(-0.693359375f), x);
        r = Vector.FusedMultiplyAdd(n, new(2.12194440e-4f), r);
        var p = Vector.FusedMultiplyAdd(new(1.9875691500e-4f), r, new(1.3981999507e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new(8.3334519073e-3f));
        p = Vector.FusedMultiplyAdd(p, r, new(4.1665795894e-2f));
        p = Vector.FusedMultiplyAdd(p, r, new(1.6666665459e-1f));
        p = Vector.FusedMultiplyAdd(p, r, new(5.0000001201e-1f));
        p = Vector.FusedMultiplyAdd(p, r * r, r) + Vector<float>.One;
        var power = Vector.AsVectorSingle(Vector.ShiftLeft(Vector.ConvertToInt32(n) + new Vector<int>(127), 23));
        return Vector.ConditionalSelect(Vector.LessThan(x, new(-87f)), Vector<float>.Zero, p * power);
    }
}
