using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>The memory of one head of an mLSTM: C ← f·C + k vᵀ and n ← f·n + k, read by a query (xLSTM, arXiv 2405.04517, eq. 19–27).</summary>
/// <param name="matrix">C, (size, stride).</param>
/// <param name="normaliser">n, (size).</param>
/// <param name="stabiliser">m.</param>
/// <param name="size">Number of features of a key.</param>
/// <param name="stride">Values from one row of C to the next, a multiple of 16.</param>
internal readonly unsafe struct MatrixMemory(float* matrix, float* normaliser, float* stabiliser, int size, int stride)
{
    /// <summary>Advances the memory by one position and reads it.</summary>
    /// <param name="q">(size).</param>
    /// <param name="k">(size); scaled by the input gate afterwards.</param>
    /// <param name="v">(stride); zeros after the value's size.</param>
    /// <param name="input">The input gate before its exponential.</param>
    /// <param name="forget">The forget gate before its sigmoid.</param>
    /// <param name="keyDivisor">What keys are divided by.</param>
    /// <param name="read">qᵀC, (stride), overwritten.</param>
    /// <returns>q·n, and the new stabiliser.</returns>
    internal (float Dot, float Max) Step(float* q, float* k, float* v, float input, float forget, float keyDivisor, float* read)
    {
        var carried = LogSigmoid(forget) + *stabiliser;
        var max = MathF.Max(carried, input);
        var (keep, write) = (MathF.Exp(carried - max), MathF.Exp(input - max) / keyDivisor);
        *stabiliser = max;
        var dot = 0f;
        for (var i = 0; i < size; i++)
        {
            k[i] *= write;
            normaliser[i] = normaliser[i] * keep + k[i];
            dot += q[i] * normaliser[i];
        }

        Write(q, k, v, keep, read);
        return (dot, max);
    }

    private void Write(float* q, float* k, float* v, float keep, float* read)
    {
        new Span<float>(read, stride).Clear();
        var (at, kept, row) = ((nint)matrix, Vector512.Create(keep), 0);
        // Four rows at once: the result is loaded and stored once for them.
        for (; row + 4 <= size; row += 4, at += 4 * stride * sizeof(float))
        {
            var (k0, k1, k2, k3) = (Vector512.Create(k[row]), Vector512.Create(k[row + 1]), Vector512.Create(k[row + 2]), Vector512.Create(k[row + 3]));
            var (q0, q1, q2, q3) = (Vector512.Create(q[row]), Vector512.Create(q[row + 1]), Vector512.Create(q[row + 2]), Vector512.Create(q[row + 3]));
            for (var i = 0; i < stride; i += VectorMath.Width)
            {
                var value = Vector512.Load(v + i);
                var c = (float*)at + i;
                var c0 = Vector512.FusedMultiplyAdd(k0, value, Vector512.Load(c) * kept);
                var c1 = Vector512.FusedMultiplyAdd(k1, value, Vector512.Load(c + stride) * kept);
                var c2 = Vector512.FusedMultiplyAdd(k2, value, Vector512.Load(c + 2 * stride) * kept);
                var c3 = Vector512.FusedMultiplyAdd(k3, value, Vector512.Load(c + 3 * stride) * kept);
                c0.Store(c);
                c1.Store(c + stride);
                c2.Store(c + 2 * stride);
                c3.Store(c + 3 * stride);
                var sum = Vector512.FusedMultiplyAdd(q1, c1, Vector512.FusedMultiplyAdd(q0, c0, Vector512.Load(read + i)));
                Vector512.FusedMultiplyAdd(q3, c3, Vector512.FusedMultiplyAdd(q2, c2, sum)).Store(read + i);
            }
        }

        for (; row < size; row++, at += stride * sizeof(float))
        {
            var (key, query) = (Vector512.Create(k[row]), Vector512.Create(q[row]));
            for (var i = 0; i < stride; i += VectorMath.Width)
            {
                var c = Vector512.FusedMultiplyAdd(key, Vector512.Load(v + i), Vector512.Load((float*)at + i) * kept);
                c.Store((float*)at + i);
                Vector512.FusedMultiplyAdd(query, c, Vector512.Load(read + i)).Store(read + i);
            }
        }
    }

    private static float LogSigmoid(float x) => MathF.Min(x, 0) - float.LogP1(MathF.Exp(-MathF.Abs(x)));
}
