using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers.Linearised;

/// <summary>The weights of a layer that its teacher did not have.</summary>
/// <param name="QueryFeatures">(NH·DH, DH): of each head, its outputs as rows.</param>
/// <param name="KeyFeatures">As the queries'.</param>
/// <param name="Gates">(2·NH, D): input gates, then forget gates.</param>
/// <param name="GateBias">(2·NH).</param>
/// <param name="OutputGate">(NH·DH, D); null without an output gate.</param>
/// <param name="OutputBias">(NH·DH); null without an output gate.</param>
/// <param name="Mix">(NH, 3·DH), for query, key and value; null without a window.</param>
/// <param name="MixBias">(NH); null without a window.</param>
internal sealed record MixerLayerWeights(
    Matrix QueryFeatures, Matrix KeyFeatures, Matrix Gates, FloatBuffer GateBias, Matrix? OutputGate, FloatBuffer? OutputBias, FloatBuffer? Mix,
    FloatBuffer? MixBias) : IDisposable
{
    /// <value>Bytes that a pass reads.</value>
    internal long Bytes => QueryFeatures.Bytes + KeyFeatures.Bytes + Gates.Bytes + (OutputGate?.Bytes ?? 0);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var weight in (IDisposable?[])[QueryFeatures, KeyFeatures, Gates, GateBias, OutputGate, OutputBias, Mix, MixBias])
        {
            weight?.Dispose();
        }
    }
}
