using Distil.Onnx.Graphs;

namespace Distil.Onnx.Students;

/// <summary>Norms of rows.</summary>
internal static class Norms
{
    // The students' norms of the paper have no other.
    private const float Epsilon = 1e-5f;

    /// <summary>Mean 0 and variance 1, times a weight.</summary>
    /// <param name="x">(N, D).</param>
    /// <param name="weight">(D), to which 1 was added.</param>
    internal static Value Layer(Value x, Value weight) => x.LayerNorm(weight, Epsilon);

    /// <summary>The same for each head by itself.</summary>
    /// <param name="x">(B, T, NH, DH).</param>
    /// <param name="weight">(NH·DH).</param>
    /// <param name="heads">NH.</param>
    /// <param name="size">DH.</param>
    /// <returns>(N, NH·DH).</returns>
    internal static Value Heads(Value x, Value weight, long heads, long size)
    {
        var ones = Enumerable.Repeat(1f, (int)size).ToArray();
        return x.LayerNorm(x.Builder.Floats(ones, size), Epsilon).Reshape(-1, heads * size) * weight;
    }

    /// <summary>x / √(mean of x² + ε), times a weight.</summary>
    /// <param name="x">Its last axis is normed.</param>
    /// <param name="weight">(last axis).</param>
    /// <param name="epsilon">ε.</param>
    internal static Value Root(Value x, Value weight, double epsilon) => x / ((x * x).Mean() + (float)epsilon).Sqrt() * weight;
}
