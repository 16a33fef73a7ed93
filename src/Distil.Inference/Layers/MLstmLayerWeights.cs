using Distil.Inference.Matrices;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>The weights of an mLSTM block as the engine uses them.</summary>
/// <param name="Norm">1 + w of the block's norm, (D).</param>
/// <param name="Up">(2·I, D): to x_m, then to z.</param>
/// <param name="Convolution">Of x_m.</param>
/// <param name="Query">(I, I), block-diagonal.</param>
/// <param name="Key">As the query's.</param>
/// <param name="Value">As the query's.</param>
/// <param name="Gates">(2·NH, 3·I): input gates, then forget gates, from q, k and v.</param>
/// <param name="InputBias">(NH).</param>
/// <param name="ForgetBias">(NH).</param>
/// <param name="HeadNorm">1 + w of the norm per head, (I).</param>
/// <param name="Skip">(I).</param>
/// <param name="Down">(D, I).</param>
internal sealed record MLstmLayerWeights(
    FloatBuffer Norm, Matrix Up, Convolution Convolution, BlockDiagonal Query, BlockDiagonal Key, BlockDiagonal Value,
    Matrix Gates, FloatBuffer InputBias, FloatBuffer ForgetBias, FloatBuffer HeadNorm, FloatBuffer Skip, Matrix Down) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (IDisposable weight in (IDisposable[])[Norm, Up, Convolution, Query, Key, Value, Gates, InputBias, ForgetBias, HeadNorm, Skip, Down])
        {
            weight.Dispose();
        }
    }
}
