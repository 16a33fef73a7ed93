using Distil.Onnx.Graphs;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>The memory of an mLSTM over all positions of a call at once (xLSTM, arXiv 2405.04517, the parallel form, continued from a state): a call of n
/// positions equals n calls of one. It takes memory for T² numbers a head, so callers divide long texts.</summary>
internal static class MatrixMemory
{
    private const string Matrix = "matrix", Normaliser = "normaliser", Stabiliser = "stabiliser";

    // A gate of this size writes nothing and forgets nothing, and differences of two of them are finite.
    private const float Nothing = -1e30f;

    /// <summary>Adds the memory of a layer.</summary>
    /// <param name="text">The graph.</param>
    /// <param name="layer">The layer's number.</param>
    /// <param name="heads">NH.</param>
    /// <param name="keySize">DK.</param>
    /// <param name="valueSize">DV.</param>
    /// <param name="inputs">Queries (B, NH, T, DK), keys, values (B, NH, T, DV), input and forget gates before their activation (B, NH, T).</param>
    /// <param name="isStart">Whether the text starts, for a linearised student, which divides by the sum itself; null for the paper's, which divides by
    /// max(|sum|, e^−m) + 1e-6 and starts from m = 0.</param>
    /// <returns>(B, NH, T, DV).</returns>
    internal static Value Add(TextGraph text, int layer, long heads, long keySize, long valueSize, MemoryInputs inputs, Value? isStart)
    {
        string Name(string part) => $"{layer}.{part}";
        Size[] matrix = [TextGraph.Batch, heads, keySize, valueSize], normaliser = [TextGraph.Batch, heads, keySize], stabiliser = [TextGraph.Batch, heads, 1];
        var (c, n, m) = (
            text.State(Name(Matrix), ElementType.Float, matrix), text.State(Name(Normaliser), ElementType.Float, normaliser),
            text.State(Name(Stabiliser), ElementType.Float, stabiliser));
        if (isStart is { } start)
        {
            m = start.Choose(text.Builder.Number(Nothing), m);
        }

        var (q, k, v) = (inputs.Query, isStart is null ? inputs.Key * (1 / MathF.Sqrt(keySize)) : inputs.Key, inputs.Value);
        var forgotten = inputs.Forget.LogSigmoid().CumulativeSum(-1);                                              // (B, NH, T)
        var source = inputs.Input - forgotten;
        var decay = text.IsPast.Choose(forgotten.Unsqueeze(-1) + source.Unsqueeze(-2), text.Builder.Number(Nothing)); // (B, NH, T, T)
        var carried = forgotten + m;
        var most = decay.Maximum(-1).Squeeze(-1).Max(carried);                                                      // (B, NH, T)
        var scores = q.MatMul(k.Transpose(0, 1, 3, 2)) * (decay - most.Unsqueeze(-1)).Exp();                        // (B, NH, T, T)
        var old = q * (carried - most).Exp().Unsqueeze(-1);                                                         // (B, NH, T, DK)
        var total = scores.Sum(-1) + old.MatMul(n.Unsqueeze(-1));                                                   // (B, NH, T, 1)
        var divisor = isStart is null ? total.Abs().Max((-most).Exp().Unsqueeze(-1)) + 1e-6f : total + 1e-30f;
        var read = (scores.MatMul(v) + old.MatMul(c)) / divisor;

        var all = forgotten.Slice(2, -1);                                                                           // (B, NH, 1)
        var written = source + all;
        var next = written.Maximum(-1).Max(all + m);
        var keys = k * (written - next).Exp().Unsqueeze(-1);
        var keep = (all + m - next).Exp();
        text.NextState(Name(Matrix), c * keep.Unsqueeze(-1) + keys.Transpose(0, 1, 3, 2).MatMul(v), ElementType.Float, matrix);
        text.NextState(Name(Normaliser), n * keep + keys.Sum(2).Squeeze(2), ElementType.Float, normaliser);
        text.NextState(Name(Stabiliser), next, ElementType.Float, stabiliser);
        return read;
    }
}

/// <summary>What a memory reads of each position.</summary>
/// <param name="Query">(B, NH, T, DK).</param>
/// <param name="Key">(B, NH, T, DK).</param>
/// <param name="Value">(B, NH, T, DV).</param>
/// <param name="Input">The input gate before its exponential, (B, NH, T).</param>
/// <param name="Forget">The forget gate before its sigmoid, (B, NH, T).</param>
internal sealed record MemoryInputs(Value Query, Value Key, Value Value, Value Input, Value Forget);
