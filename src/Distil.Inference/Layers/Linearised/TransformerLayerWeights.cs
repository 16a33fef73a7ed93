using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>The weights of a layer that a linearised student inherits.</summary>
/// <param name="InputNorm">(D).</param>
/// <param name="Query">(NH·DH, D).</param>
/// <param name="Key">(KVH·DH, D).</param>
/// <param name="Value">(KVH·DH, D).</param>
/// <param name="ProjectedBias">Of queries, keys and values, side by side; null if they have none.</param>
/// <param name="QueryNorm">(DH); null if queries are not normalised.</param>
/// <param name="KeyNorm">(DH); null if keys are not normalised.</param>
/// <param name="Output">(D, NH·DH).</param>
/// <param name="OutputBias">(D); null for none.</param>
/// <param name="FeedForwardNorm">(D).</param>
/// <param name="Gate">(F, D).</param>
/// <param name="Up">(F, D).</param>
/// <param name="GateAndUpBias">(2·F): of the gate, then of the projection up; null for none.</param>
/// <param name="Down">(D, F).</param>
/// <param name="DownBias">(D); null for none.</param>
internal sealed record TransformerLayerWeights(
    Norm InputNorm, Matrix Query, Matrix Key, Matrix Value, FloatBuffer? ProjectedBias, Norm? QueryNorm, Norm? KeyNorm, Matrix Output, FloatBuffer? OutputBias,
    Norm FeedForwardNorm, Matrix Gate, Matrix Up, FloatBuffer? GateAndUpBias, Matrix Down, FloatBuffer? DownBias) : IDisposable
{
    /// <value>Bytes that a pass reads.</value>
    internal long Bytes => Query.Bytes + Key.Bytes + Value.Bytes + Output.Bytes + Gate.Bytes + Up.Bytes + Down.Bytes;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in (IDisposable?[])[
            InputNorm, Query, Key, Value, ProjectedBias, QueryNorm, KeyNorm, Output, OutputBias, FeedForwardNorm, Gate, Up, GateAndUpBias, Down, DownBias])
        {
            weight?.Dispose();
        }
    }
}
