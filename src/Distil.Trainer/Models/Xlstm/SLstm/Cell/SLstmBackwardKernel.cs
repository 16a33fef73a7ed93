using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM's gradient for one head and four batch rows, from the last position to the first.</summary>
/// <remarks>h = o·c/n does not depend on the stabiliser m, so m is treated as a constant.</remarks>
internal static unsafe class SLstmBackwardKernel
{
    /// <summary>Pointers to float32 arrays. <c>Transposed</c> is R as (NH, 4·DH, DH); the last two are the gradients of the scan's inputs.</summary>
    internal readonly record struct Arrays(nint Gradient, nint Kept, nint Transposed, nint InputForget, nint CellOutput);

    [SkipLocalsInit]
    internal static void Run(in SLstmScanShape shape, in Arrays arrays, int piece)
    {
        var (head, firstRow) = shape.Piece(piece);
        var size = shape.Size;
        const int rows = SLstmScanShape.RowsTogether;
        var memory = stackalloc float[7 * rows * size];
        new Span<float>(memory, 7 * rows * size).Clear();
        float* hidden = memory, cell = hidden + rows * size, normaliser = cell + rows * size, gates = normaliser + rows * size;
        var transposed = (float*)arrays.Transposed + (long)head * 4 * size * size;

        for (var t = shape.Length - 1; t >= 0; t--)
        {
            for (var lane = 0; lane < rows; lane++)
            {
                var row = shape.Row(firstRow, lane);
                for (var unit = 0; unit < size; unit += VectorMath.Width)
                {
                    Step(shape, arrays, head, row, t, unit, hidden + lane * size, cell + lane * size, normaliser + lane * size, gates + lane * 4 * size);
                }
            }

            if (t == 0)
            {
                return;
            }
            var from = 0;
            for (; from + 2 * VectorMath.Width <= size; from += 2 * VectorMath.Width)
            {
                Carry2(size, gates, transposed + from, hidden + from);
            }
            if (from < size)
            {
                Carry1(size, gates, transposed + from, hidden + from);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        in SLstmScanShape shape, in Arrays arrays, int head, int row, int t, int unit, float* hidden, float* cell, float* normaliser, float* gates)
    {
        var size = shape.Size;
        var kept = (float*)arrays.Kept + (((long)head * shape.Batch + row) * shape.Length + t) * SLstmScanShape.Kept * size + unit;
        var (write, keep, value, open) = (Vector512.Load(kept), Vector512.Load(kept + size), Vector512.Load(kept + 2 * size), Vector512.Load(kept + 3 * size));
        var inverse = Vector512<float>.One / Vector512.Load(kept + 6 * size);
        var ratio = Vector512.Load(kept + 5 * size) * inverse;                                              // c/n
        var before = kept - SLstmScanShape.Kept * size;
        var cellBefore = t == 0 ? Vector512<float>.Zero : Vector512.Load(before + 5 * size);
        var normaliserBefore = t == 0 ? Vector512<float>.Zero : Vector512.Load(before + 6 * size);

        var dHidden = Vector512.Load(hidden + unit)
            + Vector512.Load((float*)arrays.Gradient + (((long)row * shape.Length + t) * shape.Heads + head) * size + unit);
        var dRatio = dHidden * open * inverse;
        var dCell = Vector512.Load(cell + unit) + dRatio;
        var dNormaliser = Vector512.Load(normaliser + unit) - dRatio * ratio;
        var dInput = write * Vector512.FusedMultiplyAdd(dCell, value, dNormaliser);
        var dForget = keep * Vector512.Load(kept + 4 * size) * Vector512.FusedMultiplyAdd(dCell, cellBefore, dNormaliser * normaliserBefore);
        var dValue = dCell * write * (Vector512<float>.One - value * value);
        var dOpen = dHidden * ratio * open * (Vector512<float>.One - open);
        (dCell * keep).Store(cell + unit);
        (dNormaliser * keep).Store(normaliser + unit);

        var at = (((long)head * shape.Batch + row) * shape.Length + t) * 2 * size + unit;
        Put(dInput, (float*)arrays.InputForget + at, gates + unit);
        Put(dForget, (float*)arrays.InputForget + at + size, gates + size + unit);
        Put(dValue, (float*)arrays.CellOutput + at, gates + 2 * size + unit);
        Put(dOpen, (float*)arrays.CellOutput + at + size, gates + 3 * size + unit);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(Vector512<float> value, float* first, float* second)
    {
        value.Store(first);
        value.Store(second);
    }

    /// <summary>Rᵀ·d(gates) for four rows and thirty-two units: the gradient of the previous position's h.</summary>
    private static void Carry2(int size, float* gates, float* transposed, float* hidden)
    {
        Vector512<float> a0 = default, b0 = default, a1 = default, b1 = default, a2 = default, b2 = default, a3 = default, b3 = default;
        for (var k = 0; k < 4 * size; k++, transposed += size)
        {
            var (first, second) = (Vector512.Load(transposed), Vector512.Load(transposed + VectorMath.Width));
            var g = Vector512.Create(gates[k]);
            a0 = Vector512.FusedMultiplyAdd(g, first, a0);
            b0 = Vector512.FusedMultiplyAdd(g, second, b0);
            g = Vector512.Create(gates[4 * size + k]);
            a1 = Vector512.FusedMultiplyAdd(g, first, a1);
            b1 = Vector512.FusedMultiplyAdd(g, second, b1);
            g = Vector512.Create(gates[8 * size + k]);
            a2 = Vector512.FusedMultiplyAdd(g, first, a2);
            b2 = Vector512.FusedMultiplyAdd(g, second, b2);
            g = Vector512.Create(gates[12 * size + k]);
            a3 = Vector512.FusedMultiplyAdd(g, first, a3);
            b3 = Vector512.FusedMultiplyAdd(g, second, b3);
        }

        Put2(a0, b0, hidden);
        Put2(a1, b1, hidden + size);
        Put2(a2, b2, hidden + 2 * size);
        Put2(a3, b3, hidden + 3 * size);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put2(Vector512<float> first, Vector512<float> second, float* to)
    {
        first.Store(to);
        second.Store(to + VectorMath.Width);
    }

    /// <summary>As <see cref="Carry2"/>, for the last sixteen units.</summary>
    private static void Carry1(int size, float* gates, float* transposed, float* hidden)
    {
        Vector512<float> a0 = default, a1 = default, a2 = default, a3 = default;
        for (var k = 0; k < 4 * size; k++, transposed += size)
        {
            var weights = Vector512.Load(transposed);
            a0 = Vector512.FusedMultiplyAdd(Vector512.Create(gates[k]), weights, a0);
            a1 = Vector512.FusedMultiplyAdd(Vector512.Create(gates[4 * size + k]), weights, a1);
            a2 = Vector512.FusedMultiplyAdd(Vector512.Create(gates[8 * size + k]), weights, a2);
            a3 = Vector512.FusedMultiplyAdd(Vector512.Create(gates[12 * size + k]), weights, a3);
        }

        a0.Store(hidden);
        a1.Store(hidden + size);
        a2.Store(hidden + 2 * size);
        a3.Store(hidden + 3 * size);
    }
}
