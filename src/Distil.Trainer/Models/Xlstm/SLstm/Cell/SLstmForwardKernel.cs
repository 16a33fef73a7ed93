using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Trainer.Models.Xlstm.SLstm.Cell;

/// <summary>The sLSTM over time for one head and four batch rows: R·h, the gates and the state update in registers, sixteen units at a time.</summary>
internal static unsafe class SLstmForwardKernel
{
    /// <summary>Pointers to float32 arrays; <c>Kept</c> may be null. State arrays are (B, NH, DH), read at the start and written at the end.</summary>
    internal readonly record struct Arrays(
        nint InputForget, nint CellOutput, nint Recurrent, nint Bias, nint Output, nint Kept, nint Hidden, nint Cell, nint Normaliser, nint Stabiliser);

    [SkipLocalsInit]
    internal static void Run(in SLstmScanShape shape, in Arrays arrays, int piece)
    {
        var (head, firstRow) = shape.Piece(piece);
        var size = shape.Size;
        const int rows = SLstmScanShape.RowsTogether;
        var memory = stackalloc float[5 * rows * size];
        float* now = memory, next = now + rows * size, cell = next + rows * size, normaliser = cell + rows * size, stabiliser = normaliser + rows * size;
        var recurrent = (float*)arrays.Recurrent + (long)head * size * 4 * size;
        var bias = (float*)arrays.Bias + (long)head * 4 * size;
        Load(shape, arrays, head, firstRow, now, cell, normaliser, stabiliser);

        for (var t = 0; t < shape.Length; t++)
        {
            for (var unit = 0; unit < size; unit += VectorMath.Width)
            {
                Gates.Of(shape, arrays, head, firstRow, t, unit, now, recurrent, bias, out var g0, out var g1, out var g2, out var g3);
                Step(shape, arrays, head, shape.Row(firstRow, 0), t, unit, g0, 0, next, cell, normaliser, stabiliser);
                Step(shape, arrays, head, shape.Row(firstRow, 1), t, unit, g1, 1, next, cell, normaliser, stabiliser);
                Step(shape, arrays, head, shape.Row(firstRow, 2), t, unit, g2, 2, next, cell, normaliser, stabiliser);
                Step(shape, arrays, head, shape.Row(firstRow, 3), t, unit, g3, 3, next, cell, normaliser, stabiliser);
            }

            var written = next;
            next = now;
            now = written;
        }

        Store(shape, arrays, head, firstRow, now, cell, normaliser, stabiliser);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step(
        in SLstmScanShape shape, in Arrays arrays, int head, int row, int t, int unit, in Gates gates, int lane,
        float* next, float* cell, float* normaliser, float* stabiliser)
    {
        var at = lane * shape.Size + unit;
        var carried = VectorMath.LogSigmoid(gates.Forget, out var slope) + Vector512.Load(stabiliser + at);
        var newStabiliser = Vector512.MaxNative(gates.Input, carried);
        var write = VectorMath.Exp(gates.Input - newStabiliser);
        var keep = VectorMath.Exp(carried - newStabiliser);
        var value = VectorMath.Tanh(gates.Value);
        var open = VectorMath.Sigmoid(gates.Output);
        var newCell = Vector512.FusedMultiplyAdd(keep, Vector512.Load(cell + at), write * value);
        var newNormaliser = Vector512.FusedMultiplyAdd(keep, Vector512.Load(normaliser + at), write);
        var hidden = open * newCell / newNormaliser;
        newStabiliser.Store(stabiliser + at);
        newCell.Store(cell + at);
        newNormaliser.Store(normaliser + at);
        hidden.Store(next + at);
        hidden.Store((float*)arrays.Output + (((long)row * shape.Length + t) * shape.Heads + head) * shape.Size + unit);
        if (arrays.Kept == 0)
        {
            return;
        }

        var kept = (float*)arrays.Kept + (((long)head * shape.Batch + row) * shape.Length + t) * SLstmScanShape.Kept * shape.Size + unit;
        write.Store(kept);
        keep.Store(kept + shape.Size);
        value.Store(kept + 2 * shape.Size);
        open.Store(kept + 3 * shape.Size);
        slope.Store(kept + 4 * shape.Size);
        newCell.Store(kept + 5 * shape.Size);
        newNormaliser.Store(kept + 6 * shape.Size);
    }

    private static void Load(
        in SLstmScanShape shape, in Arrays arrays, int head, int firstRow, float* hidden, float* cell, float* normaliser, float* stabiliser)
    {
        for (var lane = 0; lane < SLstmScanShape.RowsTogether; lane++)
        {
            var at = ((long)shape.Row(firstRow, lane) * shape.Heads + head) * shape.Size;
            for (var unit = 0; unit < shape.Size; unit++)
            {
                hidden[lane * shape.Size + unit] = ((float*)arrays.Hidden)[at + unit];
                cell[lane * shape.Size + unit] = ((float*)arrays.Cell)[at + unit];
                normaliser[lane * shape.Size + unit] = ((float*)arrays.Normaliser)[at + unit];
                // −∞ would give ∞ − ∞ if a forget gate is fully shut; this value is equivalent to −∞ for any finite exponent of a float32 gate.
                stabiliser[lane * shape.Size + unit] = Math.Max(((float*)arrays.Stabiliser)[at + unit], -1e30f);
            }
        }
    }

    private static void Store(
        in SLstmScanShape shape, in Arrays arrays, int head, int firstRow, float* hidden, float* cell, float* normaliser, float* stabiliser)
    {
        for (var lane = 0; lane < SLstmScanShape.RowsTogether; lane++)
        {
            var at = ((long)shape.Row(firstRow, lane) * shape.Heads + head) * shape.Size;
            new Span<float>(hidden + lane * shape.Size, shape.Size).CopyTo(new Span<float>((float*)arrays.Hidden + at, shape.Size));
            new Span<float>(cell + lane * shape.Size, shape.Size).CopyTo(new Span<float>((float*)arrays.Cell + at, shape.Size));
            new Span<float>(normaliser + lane * shape.Size, shape.Size).CopyTo(new Span<float>((float*)arrays.Normaliser + at, shape.Size));
            new Span<float>(stabiliser + lane * shape.Size, shape.Size).CopyTo(new Span<float>((float*)arrays.Stabiliser + at, shape.Size));
        }
    }

    /// <summary>Pre-activations of sixteen units of one batch row.</summary>
    private readonly record struct Gates(Vector512<float> Input, Vector512<float> Forget, Vector512<float> Value, Vector512<float> Output)
    {
        /// <summary>W·x + b + R·h for four rows at once: sixteen sums stay in registers, and each row of R is loaded once.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        internal static void Of(
            in SLstmScanShape shape, in Arrays arrays, int head, int firstRow, int t, int unit, float* hidden, float* recurrent, float* bias,
            out Gates g0, out Gates g1, out Gates g2, out Gates g3)
        {
            var size = shape.Size;
            Start(shape, arrays, head, shape.Row(firstRow, 0), t, unit, bias, out var i0, out var f0, out var z0, out var o0);
            Start(shape, arrays, head, shape.Row(firstRow, 1), t, unit, bias, out var i1, out var f1, out var z1, out var o1);
            Start(shape, arrays, head, shape.Row(firstRow, 2), t, unit, bias, out var i2, out var f2, out var z2, out var o2);
            Start(shape, arrays, head, shape.Row(firstRow, 3), t, unit, bias, out var i3, out var f3, out var z3, out var o3);
            var weights = recurrent + unit;
            for (var j = 0; j < size; j++, weights += 4 * size)
            {
                var (wi, wf, wz, wo) =
                    (Vector512.Load(weights), Vector512.Load(weights + size), Vector512.Load(weights + 2 * size), Vector512.Load(weights + 3 * size));
                var h = Vector512.Create(hidden[j]);
                i0 = Vector512.FusedMultiplyAdd(h, wi, i0);
                f0 = Vector512.FusedMultiplyAdd(h, wf, f0);
                z0 = Vector512.FusedMultiplyAdd(h, wz, z0);
                o0 = Vector512.FusedMultiplyAdd(h, wo, o0);
                h = Vector512.Create(hidden[size + j]);
                i1 = Vector512.FusedMultiplyAdd(h, wi, i1);
                f1 = Vector512.FusedMultiplyAdd(h, wf, f1);
                z1 = Vector512.FusedMultiplyAdd(h, wz, z1);
                o1 = Vector512.FusedMultiplyAdd(h, wo, o1);
                h = Vector512.Create(hidden[2 * size + j]);
                i2 = Vector512.FusedMultiplyAdd(h, wi, i2);
                f2 = Vector512.FusedMultiplyAdd(h, wf, f2);
                z2 = Vector512.FusedMultiplyAdd(h, wz, z2);
                o2 = Vector512.FusedMultiplyAdd(h, wo, o2);
                h = Vector512.Create(hidden[3 * size + j]);
                i3 = Vector512.FusedMultiplyAdd(h, wi, i3);
                f3 = Vector512.FusedMultiplyAdd(h, wf, f3);
                z3 = Vector512.FusedMultiplyAdd(h, wz, z3);
                o3 = Vector512.FusedMultiplyAdd(h, wo, o3);
            }

            (g0, g1, g2, g3) = (new(i0, f0, z0, o0), new(i1, f1, z1, o1), new(i2, f2, z2, o2), new(i3, f3, z3, o3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Start(
            in SLstmScanShape shape, in Arrays arrays, int head, int row, int t, int unit, float* bias,
            out Vector512<float> i, out Vector512<float> f, out Vector512<float> z, out Vector512<float> o)
        {
            var at = (((long)head * shape.Batch + row) * shape.Length + t) * 2 * shape.Size + unit;
            i = Vector512.Load((float*)arrays.InputForget + at) + Vector512.Load(bias + unit);
            f = Vector512.Load((float*)arrays.InputForget + at + shape.Size) + Vector512.Load(bias + shape.Size + unit);
            z = Vector512.Load((float*)arrays.CellOutput + at) + Vector512.Load(bias + 2 * shape.Size + unit);
            o = Vector512.Load((float*)arrays.CellOutput + at + shape.Size) + Vector512.Load(bias + 3 * shape.Size + unit);
        }
    }
}
