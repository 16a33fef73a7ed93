using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>The xLSTM's norms: no bias, eps 1e-5, and a stored weight w that is used as (1 + w).</summary>
internal static class Norms
{
    internal const double Epsilon = 1e-5;

    /// <summary>LayerNorm over the width.</summary>
    /// <param name="x">(…, D).</param>
    /// <param name="weight">w, (D).</param>
    /// <param name="result">Element type of the result; the norm itself is computed in x's.</param>
    internal static Tensor Layer(Tensor x, Tensor weight, ScalarType result = ScalarType.Float32) =>
        CudaLayerNorm.Serves(x, result) ? CudaLayerNorm.Forward(x, weight) : Plain(x, weight, result);

    /// <inheritdoc cref="Layer"/>
    internal static Tensor Plain(Tensor x, Tensor weight, ScalarType result)
    {
        using var scope = NewDisposeScope();
        return layer_norm(x, weight.shape, weight + 1, null, Epsilon).to(result).MoveToOuterDisposeScope();
    }

    /// <summary>The residual stream with a norm of each head added to it.</summary>
    /// <param name="stream">(B, S, NH · DH).</param>
    /// <param name="hidden">(B, S, NH, DH).</param>
    /// <param name="weight">w, (NH · DH).</param>
    internal static Tensor HeadsOnto(Tensor stream, Tensor hidden, Tensor weight) =>
        CudaHeadNorm.Serves(stream, hidden) ? CudaHeadNorm.Forward(stream, hidden, weight) : PlainHeadsOnto(stream, hidden, weight);

    /// <inheritdoc cref="HeadsOnto"/>
    internal static Tensor PlainHeadsOnto(Tensor stream, Tensor hidden, Tensor weight)
    {
        using var scope = NewDisposeScope();
        return (stream + Heads(hidden, weight)).MoveToOuterDisposeScope();
    }

    /// <summary>A norm of each head by itself.</summary>
    /// <param name="x">(B, S, NH, DH).</param>
    /// <param name="weight">w, (NH · DH).</param>
    /// <returns>(B, S, NH · DH).</returns>
    internal static Tensor Heads(Tensor x, Tensor weight)
    {
        using var scope = NewDisposeScope();
        var (batch, length, heads, size) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3]);
        var normed = layer_norm(x, [size], null, null, Epsilon).view(batch, length, heads * size);
        return (normed * (weight + 1)).MoveToOuterDisposeScope();
    }
}
