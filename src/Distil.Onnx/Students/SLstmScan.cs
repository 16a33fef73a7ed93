using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>The cell of an sLSTM, position by position (xLSTM, arXiv 2405.04517, eq. 8–18): its gates need the output before them.</summary>
internal static class SLstmScan
{
    private const string Cells = "cells";

    // Before the first position m is −∞; this is as good, and finite.
    private const float Nothing = -1e30f;

    /// <summary>Adds the cell of a layer.</summary>
    /// <param name="text">The graph.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="heads">NH.</param>
    /// <param name="size">DH.</param>
    /// <param name="gates">i, f, z and o of each head without their recurrent part, (B, T, NH, 4·DH).</param>
    /// <param name="kernel">(NH, DH, 4·DH).</param>
    /// <returns>h, (B, T, NH, DH).</returns>
    internal static Value Add(TextGraph text, int layer, long heads, long size, Value gates, Value kernel)
    {
        Size[] shape = [TextGraph.Batch, 4, heads, size];
        var cells = text.State($"{layer}.{Cells}", ElementType.Float, shape).Split(1, 4); // h, c, n, m
        Value[] state = [.. cells.Select(part => part.Squeeze(1))];
        state[3] = state[2].Equal(text.Builder.Number(0)).Choose(text.Builder.Number(Nothing), state[3]); // n is 0 before the first position only
        var results = text.Builder.Add(
            "Scan", [.. state, gates.Transpose(1, 0, 2, 3)], 5, "", ("body", Body(text.Builder, kernel)), ("num_scan_inputs", 1L));
        text.NextState($"{layer}.{Cells}", Value.Concat(1, [.. results[..4].Select(part => part.Unsqueeze(1))]), ElementType.Float, shape);
        return results[4].Transpose(1, 0, 2, 3);
    }

    private static Graph Body(GraphBuilder outer, Value kernel)
    {
        var body = new GraphBuilder(outer);
        Value Input(string name) => body.Input(body.NewName(name), ElementType.Float, null);
        var (h, c, n, m, gates) = (Input("h"), Input("c"), Input("n"), Input("m"), Input("gates"));
        var parts = (h.Unsqueeze(2).MatMul(kernel).Squeeze(2) + gates).Split(2, 4); // (B, NH, 1, DH) (NH, DH, 4·DH)
        var (i, f, z, o) = (parts[0], parts[1], parts[2], parts[3]);
        var kept = f.LogSigmoid() + m;
        var max = i.Max(kept);
        var (write, keep) = ((i - max).Exp(), (kept - max).Exp());
        var (nextC, nextN) = (keep * c + write * z.Tanh(), keep * n + write);
        var nextH = o.Sigmoid() * nextC / nextN;
        foreach (var (name, value) in new[] { ("h", nextH), ("c", nextC), ("n", nextN), ("m", max), ("h", nextH) })
        {
            body.Output(body.NewName(name), value, ElementType.Float, null);
        }

        return body.Graph;
    }
}
