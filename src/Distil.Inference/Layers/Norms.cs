using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>Norms of a vector. The xLSTM's: no bias, eps 1e-5, and a weight that is used as (1 + w).</summary>
internal static unsafe class Norms
{
    private const float Epsilon = 1e-5f;

    /// <summary>y = (x − mean) / √(variance + eps) · scale.</summary>
    /// <param name="x">(width).</param>
    /// <param name="scale">1 + w, (width).</param>
    /// <param name="y">(width); may be x.</param>
    /// <param name="width">Number of values.</param>
    internal static void Layer(float* x, float* scale, float* y, int width)
    {
        var (mean, factor) = Moments(x, width);
        var (shift, by) = (Vector512.Create(mean), Vector512.Create(factor));
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var left = width - i;
            Lanes.Store((Lanes.Load(x + i, left) - shift) * by * Lanes.Load(scale + i, left), y + i, left);
        }
    }

    /// <summary>y = x / √(mean(x²) + eps) · scale (RMSNorm, arXiv 1910.07467).</summary>
    /// <param name="x">(width).</param>
    /// <param name="scale">(width).</param>
    /// <param name="epsilon">eps.</param>
    /// <param name="y">(width); may be x.</param>
    /// <param name="width">Number of values.</param>
    internal static void Root(float* x, float* scale, float epsilon, float* y, int width)
    {
        var squares = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var values = Lanes.Load(x + i, width - i);
            squares = Vector512.FusedMultiplyAdd(values, values, squares);
        }

        var by = Vector512.Create(1 / MathF.Sqrt(Vector512.Sum(squares) / width + epsilon));
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var left = width - i;
            Lanes.Store(Lanes.Load(x + i, left) * by * Lanes.Load(scale + i, left), y + i, left);
        }
    }

    /// <summary>The mean, and 1 / √(variance + eps).</summary>
    internal static (float Mean, float Factor) Moments(float* x, int width)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            sum += Lanes.Load(x + i, width - i);
        }

        var mean = Vector512.Sum(sum) / width;
        var squares = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var left = width - i;
            var off = Lanes.Load(x + i, left) - Vector512.Create(mean);
            if (left < VectorMath.Width)
            {
                off = Vector512.ConditionalSelect(
                    Vector512.LessThan(Vector512<int>.Indices, Vector512.Create(left)).AsSingle(), off, Vector512<float>.Zero);
            }

            squares = Vector512.FusedMultiplyAdd(off, off, squares);
        }

        return (mean, 1 / MathF.Sqrt(Vector512.Sum(squares) / width + Epsilon));
    }
}
