using Distil.Core.Models;
using Distil.Inference.Matrices;

namespace Distil.Inference.Layers.Linearised;

/// <summary>Keys and values of the latest W positions of a sequence, in a ring, and of its first n: where they are in a layer's state.</summary>
/// <param name="heads">The layer's heads.</param>
/// <param name="window">W, ≥ 1.</param>
/// <param name="sinks">n.</param>
/// <param name="offset">Where they begin in the layer's state.</param>
internal sealed unsafe class Window(HeadLayout heads, int window, int sinks, int offset)
{
    /// <summary>Floats of a window's state.</summary>
    internal static long Length(LinearisedShape shape, HeadLayout heads) =>
        shape.Window == 0 ? 0 : 2L * heads.KeyValueHeads * heads.Stride * ((long)shape.Window + shape.Sinks);

    /// <summary>The attention of one head at a row over the positions that it sees, in their order: { s ≤ t : s &gt; t − W or s &lt; n }.</summary>
    /// <param name="state">The layer's state before the first row of the sequence in this pass.</param>
    /// <param name="rows">The rotated heads of the sequence's rows in this pass.</param>
    /// <param name="first">Position of the first of them.</param>
    /// <param name="row">The row, from 0.</param>
    /// <param name="head">The query head.</param>
    /// <param name="result">Receives it, (stride).</param>
    internal void Attend(float* state, RowBlock rows, long first, int row, int head, float* result)
    {
        var shared = heads.Shared(head);
        var sum = new AttentionSum(rows[row] + head * heads.Stride, heads.Size, heads.Stride, result);
        var begin = Math.Max(0, first + row - window + 1);
        var early = Math.Min(sinks, begin); // sinks outside the window
        Add(ref sum, Sink(state, shared, 0), Math.Min(early, first));
        AddRows(ref sum, rows, shared, 0, early - first);
        for (var from = begin; from < first;)
        {
            var count = Math.Min(first - from, window - from % window);
            Add(ref sum, Slot(state, shared, from), count);
            from += count;
        }

        AddRows(ref sum, rows, shared, Math.Max(begin - first, 0), row + 1);
        sum.Finish();
    }

    /// <summary>Stores the rows of a sequence.</summary>
    /// <param name="state">The layer's state.</param>
    /// <param name="rows">As for <see cref="Attend"/>.</param>
    /// <param name="first">Position of the first.</param>
    /// <param name="count">Number of rows.</param>
    internal void Store(float* state, RowBlock rows, long first, int count)
    {
        for (var shared = 0; shared < heads.KeyValueHeads; shared++)
        {
            for (var row = 0; row < count; row++)
            {
                Store(Slot(state, shared, first + row), rows[row], shared);
                if (first + row < sinks)
                {
                    Store(Sink(state, shared, first + row), rows[row], shared);
                }
            }
        }
    }

    private (nint Key, nint Value) Slot(float* state, int shared, long position) => At(state + offset, window, shared, position % window);

    private (nint Key, nint Value) Sink(float* state, int shared, long position) =>
        At(state + offset + 2L * heads.KeyValueHeads * heads.Stride * window, sinks, shared, position);

    // All keys, head by head, then all values.
    private (nint Key, nint Value) At(float* start, int positions, int shared, long position)
    {
        var key = start + (shared * (long)positions + position) * heads.Stride;
        return ((nint)key, (nint)(key + (long)heads.KeyValueHeads * positions * heads.Stride));
    }

    private void Store((nint Key, nint Value) slot, float* row, int shared)
    {
        new ReadOnlySpan<float>(row + heads.Key(shared), heads.Stride).CopyTo(new((float*)slot.Key, heads.Stride));
        new ReadOnlySpan<float>(row + heads.Value(shared), heads.Stride).CopyTo(new((float*)slot.Value, heads.Stride));
    }

    private void Add(ref AttentionSum sum, (nint Key, nint Value) slot, long count) => sum.Add((float*)slot.Key, (float*)slot.Value, count, heads.Stride);

    private void AddRows(ref AttentionSum sum, RowBlock rows, int shared, long from, long end)
    {
        if (from < end)
        {
            sum.Add(rows[(int)from] + heads.Key(shared), rows[(int)from] + heads.Value(shared), end - from, rows.Stride);
        }
    }
}
