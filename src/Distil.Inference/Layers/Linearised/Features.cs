using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>Positive features of queries and keys: softmax(u), or softmax(u) and softmax(−u) joined (LoLCATs, arXiv 2410.10254).</summary>
internal static unsafe class Features
{
    /// <summary>The features of one head.</summary>
    /// <param name="u">(size).</param>
    /// <param name="features">(size), or (2·size) for both.</param>
    /// <param name="size">DH.</param>
    /// <param name="both">Whether softmax(−u) follows.</param>
    internal static void Of(float* u, float* features, int size, bool both)
    {
        Softmax(u, 1, features, size);
        if (both)
        {
            Softmax(u, -1, features + size, size);
        }
    }

    private static void Softmax(float* u, float sign, float* y, int size)
    {
        var max = float.NegativeInfinity;
        for (var i = 0; i < size; i++)
        {
            max = MathF.Max(max, sign * u[i]);
        }

        var (signs, shift, sum) = (Vector512.Create(sign), Vector512.Create(max), Vector512<float>.Zero);
        for (var i = 0; i < size; i += VectorMath.Width)
        {
            Lanes.Store(VectorMath.Exp(Lanes.Load(u + i, size - i) * signs - shift), y + i, size - i);
            sum += Lanes.Load(y + i, size - i); // without the lanes after the end
        }

        Elementwise.Scale(y, 1 / Vector512.Sum(sum), size);
    }
}
