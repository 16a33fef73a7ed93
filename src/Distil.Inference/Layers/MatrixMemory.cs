using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>The matrix memory of one head of an mLSTM: C ← f·C + k vᵀ, read by a query (xLSTM, arXiv 2405.04517, eq. 19–27).</summary>
internal static unsafe class MatrixMemory
{
    /// <summary>Advances the memory by one position and reads it.</summary>
    /// <param name="matrix">C, (size, stride).</param>
    /// <param name="q">(size).</param>
    /// <param name="k">(size), scaled by the input gate.</param>
    /// <param name="v">(stride); zeros after size.</param>
    /// <param name="keep">The forget gate.</param>
    /// <param name="read">qᵀC, (stride), overwritten.</param>
    /// <param name="size">DH.</param>
    /// <param name="stride">Values from one row of C to the next, a multiple of 16.</param>
    internal static void Step(float* matrix, float* q, float* k, float* v, float keep, float* read, int size, int stride)
    {
        new Span<float>(read, stride).Clear();
        var kept = Vector512.Create(keep);
        var row = 0;
        // Four rows at once: the result is loaded and stored once for them.
        for (; row + 4 <= size; row += 4, matrix += 4L * stride)
        {
            var (k0, k1, k2, k3) = (Vector512.Create(k[row]), Vector512.Create(k[row + 1]), Vector512.Create(k[row + 2]), Vector512.Create(k[row + 3]));
            var (q0, q1, q2, q3) = (Vector512.Create(q[row]), Vector512.Create(q[row + 1]), Vector512.Create(q[row + 2]), Vector512.Create(q[row + 3]));
            for (var i = 0; i < stride; i += VectorMath.Width)
            {
                var value = Vector512.Load(v + i);
                var at = matrix + i;
                var c0 = Vector512.FusedMultiplyAdd(k0, value, Vector512.Load(at) * kept);
                var c1 = Vector512.FusedMultiplyAdd(k1, value, Vector512.Load(at + stride) * kept);
                var c2 = Vector512.FusedMultiplyAdd(k2, value, Vector512.Load(at + 2 * stride) * kept);
                var c3 = Vector512.FusedMultiplyAdd(k3, value, Vector512.Load(at + 3 * stride) * kept);
                c0.Store(at);
                c1.Store(at + stride);
                c2.Store(at + 2 * stride);
                c3.Store(at + 3 * stride);
                var sum = Vector512.FusedMultiplyAdd(q1, c1, Vector512.FusedMultiplyAdd(q0, c0, Vector512.Load(read + i)));
                Vector512.FusedMultiplyAdd(q3, c3, Vector512.FusedMultiplyAdd(q2, c2, sum)).Store(read + i);
            }
        }

        for (; row < size; row++, matrix += stride)
        {
            var (key, query) = (Vector512.Create(k[row]), Vector512.Create(q[row]));
            for (var i = 0; i < stride; i += VectorMath.Width)
            {
                var c = Vector512.FusedMultiplyAdd(key, Vector512.Load(v + i), Vector512.Load(matrix + i) * kept);
                c.Store(matrix + i);
                Vector512.FusedMultiplyAdd(query, c, Vector512.Load(read + i)).Store(read + i);
            }
        }
    }
}
