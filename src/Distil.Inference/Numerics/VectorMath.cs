using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Distil.Inference.Numerics;

/// <summary>Exponentials and related functions, sixteen floats at a time, within 2e-7 relative of the exact value.</summary>
/// <remarks>Polynomials after Cephes (S. Moshier), with its argument reduction. Runs as two 256-bit halves if the processor has no AVX-512.</remarks>
internal static class VectorMath
{
    /// <value>Number of floats in a vector.</value>
    internal const int Width = 16;

    /// <summary>A length rounded up to whole vectors.</summary>
    internal static int Padded(int length) => (length + Width - 1) / Width * Width;

    /// <summary>eˣ: 0 below −87; e⁸⁸ above 88, +∞ included.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Exp(Vector512<float> x)
    {
        var underflow = Vector512.LessThan(x, Vector512.Create(-87f));
        x = Vector512.MinNative(Vector512.Create(88f), Vector512.MaxNative(Vector512.Create(-87f), x)); // this order preserves NaN
        var n = Vector512.Floor(Vector512.FusedMultiplyAdd(x, Vector512.Create(1.44269504088896341f), Vector512.Create(0.5f)));
        var r = Vector512.FusedMultiplyAdd(n, Vector512.Create(-0.693359375f), x);
        r = Vector512.FusedMultiplyAdd(n, Vector512.Create(2.12194440e-4f), r);
        var p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.FusedMultiplyAdd(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.FusedMultiplyAdd(p, r * r, r + Vector512<float>.One);
        var scale = Vector512.ShiftLeft(Vector512.ConvertToInt32Native(n) + Vector512.Create(127), 23).AsSingle();
        return Vector512.AndNot(p * scale, underflow);
    }

    /// <summary>ln(1 + e) for 0 ≤ e ≤ 1, by the series of 2·artanh(e / (2 + e)).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Log1P(Vector512<float> e)
    {
        var s = e / (e + Vector512.Create(2f));
        var s2 = s * s;
        var p = Vector512.Create(1f / 15);
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 13));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 11));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 9));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 7));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 5));
        p = Vector512.FusedMultiplyAdd(p, s2, Vector512.Create(1f / 3));
        return Vector512.FusedMultiplyAdd(p * s2, s, s) * Vector512.Create(2f);
    }

    /// <summary>1 / (1 + e⁻ˣ).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exp(-x));

    /// <summary>ln σ(x) and its derivative σ(−x), from one exponential.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> LogSigmoid(Vector512<float> x, out Vector512<float> slope)
    {
        var e = Exp(-Vector512.Abs(x));
        var negative = Vector512.LessThan(x, Vector512<float>.Zero);
        slope = Vector512.ConditionalSelect(negative, Vector512<float>.One, e) / (Vector512<float>.One + e);
        return Vector512.MinNative(Vector512<float>.Zero, x) - Log1P(e);
    }

    /// <summary>tanh x, by a polynomial near 0, where the formula 1 − 2/(e²ˣ + 1) would cancel.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Tanh(Vector512<float> x)
    {
        var size = Vector512.Abs(x);
        var far = Vector512<float>.One - Vector512.Create(2f) / (Exp(size + size) + Vector512<float>.One);
        far = Vector512.ConditionalSelect(Vector512.Create(-0f), x, far);
        var x2 = x * x;
        var p = Vector512.Create(-5.70498872745e-3f);
        p = Vector512.FusedMultiplyAdd(p, x2, Vector512.Create(2.06390887954e-2f));
        p = Vector512.FusedMultiplyAdd(p, x2, Vector512.Create(-5.37397155531e-2f));
        p = Vector512.FusedMultiplyAdd(p, x2, Vector512.Create(1.33314422036e-1f));
        p = Vector512.FusedMultiplyAdd(p, x2, Vector512.Create(-3.33332819422e-1f));
        var near = Vector512.FusedMultiplyAdd(p * x2, x, x);
        return Vector512.ConditionalSelect(Vector512.LessThan(size, Vector512.Create(0.625f)), near, far);
    }

    /// <summary>x · Φ(x), within 2e-7 absolute of the exact value for each unit of x (Abramowitz and Stegun, 7.1.26).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> Gelu(Vector512<float> x)
    {
        var z = Vector512.Abs(x) * Vector512.Create(0.70710678118654752f);
        var t = Vector512<float>.One / Vector512.FusedMultiplyAdd(Vector512.Create(0.3275911f), z, Vector512<float>.One);
        var p = Vector512.Create(1.061405429f);
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-1.453152027f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(1.421413741f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(-0.284496736f));
        p = Vector512.FusedMultiplyAdd(p, t, Vector512.Create(0.254829592f));
        var tail = Vector512.Create(0.5f) * p * t * Exp(-z * z); // 1 − Φ(|x|)
        return x * Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), tail, Vector512<float>.One - tail);
    }
}
