using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>Softmax attention of a linearised student: over all positions in layers that keep it, over a window and a text's
/// first positions in others.</summary>
/// <param name="text">The graph.</param>
/// <param name="layer">The layer's number.</param>
/// <param name="heads">Its heads.</param>
/// <param name="positions">The call's positions.</param>
internal sealed class Attention(TextGraph text, int layer, Heads heads, Positions positions)
{
    private const string Keys = "keys", Values = "values", SinkKeys = "sink_keys", SinkValues = "sink_values";

    /// <summary>Attention over all positions. The state grows with the text.</summary>
    /// <param name="q">Rotated queries, (B, NH, T, DH).</param>
    /// <param name="k">Rotated keys, (B, KVH, T, DH).</param>
    /// <param name="v">Values, (B, KVH, T, DH).</param>
    internal Value All(Value q, Value k, Value v)
    {
        Value Join(string name, Value own)
        {
            var all = Value.Concat(2, text.State($"{layer}.{name}", ElementType.Float, Shape("past")), own);
            text.NextState($"{layer}.{name}", all, ElementType.Float, Shape("read"));
            return all;
        }

        var (keys, values) = (Join(Keys, k), Join(Values, v));
        var known = text.Builder.Range(text.Builder.Scalar(0), positions.Read + text.Count); // (P + T)
        return Over(q, keys, values, positions.Own.Unsqueeze(1).AtLeast(known.Unsqueeze(0)));
    }

    /// <summary>Attention over the last W positions and the first n.</summary>
    /// <inheritdoc cref="All"/>
    /// <param name="q">Rotated queries, (B, NH, T, DH).</param>
    /// <param name="k">Rotated keys, (B, KVH, T, DH).</param>
    /// <param name="v">Values, (B, KVH, T, DH).</param>
    /// <param name="window">W.</param>
    /// <param name="sinks">n.</param>
    internal Value Recent(Value q, Value k, Value v, long window, long sinks)
    {
        Value Join(string name, Value own)
        {
            var all = Value.Concat(2, text.State($"{layer}.{name}", ElementType.Float, Shape(window)), own);
            text.NextState($"{layer}.{name}", all.Slice(2, -window), ElementType.Float, Shape(window));
            return all;
        }

        var (keys, values, at) = (Join(Keys, k), Join(Values, v), positions.Own.Unsqueeze(1));
        var known = positions.From(before: window).Unsqueeze(0); // (1, W + T)
        var first = at - text.Builder.Scalar(window - 1);        // (T, 1), of the window
        var visible = known.AtLeast(text.Builder.Scalar(0)).And(at.AtLeast(known)).And(known.AtLeast(first));
        if (sinks == 0)
        {
            return Over(q, keys, values, visible);
        }

        // A sink inside the window is seen there, so that nothing counts twice.
        var slots = text.Builder.Numbers([.. Enumerable.Range(0, (int)sinks)]);
        var early = (first - text.Builder.Scalar(1)).AtLeast(slots.Unsqueeze(0));
        return Over(
            q, Value.Concat(2, WithFirst(SinkKeys, k, slots, sinks), keys), Value.Concat(2, WithFirst(SinkValues, v, slots, sinks), values),
            Value.Concat(1, early, visible));
    }

    /// <summary>The text's first positions, to which those of this call are added that are among them.</summary>
    private Value WithFirst(string name, Value own, Value slots, long sinks)
    {
        var (stored, builder) = (text.State($"{layer}.{name}", ElementType.Float, Shape(sinks)), text.Builder);
        var (index, last) = (slots - positions.Read, text.Count - builder.Scalar(1));
        var isOwn = index.AtLeast(builder.Scalar(0)).And(last.AtLeast(index)); // (n)
        var found = own.Gather(builder.Add("Min", [index.Max(builder.Scalar(0)), last]), 2);
        var next = isOwn.Unsqueeze(0, 1, 3).Choose(found, stored);
        text.NextState($"{layer}.{name}", next, ElementType.Float, Shape(sinks));
        return next;
    }

    private Size[] Shape(Size length) => [TextGraph.Batch, heads.KeyValues, length, heads.Size];

    private Value Over(Value q, Value k, Value v, Value visible)
    {
        var scores = q.MatMul(heads.Repeat(k).Transpose(0, 1, 3, 2)) * (1 / MathF.Sqrt(heads.Size));
        return visible.Choose(scores, text.Builder.Number(float.MinValue)).Softmax().MatMul(heads.Repeat(v));
    }
}
