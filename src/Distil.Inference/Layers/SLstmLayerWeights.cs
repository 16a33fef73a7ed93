using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>The weights of an sLSTM block as the engine uses them.</summary>
/// <param name="Norm">1 + w of the block's norm, (D).</param>
/// <param name="Convolution">Before the gates i and f.</param>
/// <param name="Gates">i, f, z and o, each (NH · DH, DH): head by head.</param>
/// <param name="Recurrent">R, (NH · 4 · DH, DH).</param>
/// <param name="RecurrentBias">b, (NH · 4 · DH).</param>
/// <param name="HeadNorm">1 + w of the norm per head, (D).</param>
/// <param name="FeedForwardNorm">1 + w, (D).</param>
/// <param name="FeedForwardUp">(2·F, D): gate, then up.</param>
/// <param name="Activation">Of the gate.</param>
/// <param name="FeedForwardDown">(D, F).</param>
internal sealed record SLstmLayerWeights(
    FloatBuffer Norm, Convolution Convolution, IReadOnlyList<Matrix> Gates, Matrix Recurrent, FloatBuffer RecurrentBias, FloatBuffer HeadNorm,
    FloatBuffer FeedForwardNorm, Matrix FeedForwardUp, Activation Activation, Matrix FeedForwardDown) : IDisposable
{
    internal const int GateCount = 4;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable weight in (IDisposable[])
            [Norm, Convolution, .. Gates, Recurrent, RecurrentBias, HeadNorm, FeedForwardNorm, FeedForwardUp, FeedForwardDown])
        {
            weight.Dispose();
        }
    }
}
