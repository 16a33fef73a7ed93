using System.Runtime.Intrinsics;
using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>Operations on values that lie side by side.</summary>
internal static unsafe class Elementwise
{
    /// <summary>x += y, rows of a width.</summary>
    internal static void Add(RowBlock x, RowBlock y, int count, int width)
    {
        for (var row = 0; row < count; row++)
        {
            Add(x[row], y[row], width);
        }
    }

    /// <summary>x += y.</summary>
    internal static void Add(float* x, float* y, int width)
    {
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            Lanes.Store(Lanes.Load(x + i, width - i) + Lanes.Load(y + i, width - i), x + i, width - i);
        }
    }

    /// <summary>x *= factor.</summary>
    internal static void Scale(float* x, float factor, int width)
    {
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            Lanes.Store(Lanes.Load(x + i, width - i) * Vector512.Create(factor), x + i, width - i);
        }
    }

    /// <summary>x · y.</summary>
    internal static float Dot(float* x, float* y, int width)
    {
        var sum = Vector512<float>.Zero;
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            sum = Vector512.FusedMultiplyAdd(Lanes.Load(x + i, width - i), Lanes.Load(y + i, width - i), sum);
        }

        return Vector512.Sum(sum);
    }

    /// <summary>x *= σ(gate + bias).</summary>
    internal static void Gate(float* x, float* gate, float* bias, int width)
    {
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var left = width - i;
            Lanes.Store(Lanes.Load(x + i, left) * VectorMath.Sigmoid(Lanes.Load(gate + i, left) + Lanes.Load(bias + i, left)), x + i, left);
        }
    }

    /// <summary>y = (h + skip · c) · SiLU(z).</summary>
    internal static void SkipAndGate(float* h, float* skip, float* c, float* z, float* y, int width)
    {
        for (var i = 0; i < width; i += VectorMath.Width)
        {
            var left = width - i;
            var gate = Lanes.Load(z + i, left);
            var mixed = Vector512.FusedMultiplyAdd(Lanes.Load(skip + i, left), Lanes.Load(c + i, left), Lanes.Load(h + i, left));
            Lanes.Store(mixed * gate * VectorMath.Sigmoid(gate), y + i, left);
        }
    }
}
