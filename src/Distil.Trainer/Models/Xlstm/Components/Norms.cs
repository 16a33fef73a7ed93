using Distil.Trainer.Kernels;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>The xLSTM's norms: no bias, eps 1e-5, and a stored weight w that is used as (1 + w). Here the plain forms.</summary>
internal static class Norms
{
    internal const double Epsilon = 1e-5;

    /// <summary>Chooses the form of <see cref="Layer"/>.</summary>
    internal static Choice<Func<LayerNormInputs, Tensor>> ChooseLayer(
        Backend backend, long width, ScalarType type) => backend.Choose<Func<LayerNormInputs, Tensor>>(
        Operation.LayerNorm, type, inputs => Layer(inputs, type),
        [new(Kernel.LayerNormCuda, CudaLayerNorm.Instance.Forward, () => CudaLayerNorm.Limit(width))]);

    /// <summary>Chooses the form of <see cref="HeadsOnto"/>.</summary>
    internal static Choice<Func<HeadNormInputs, Tensor>> ChooseHeads(
        Backend backend, long size, ScalarType type) => backend.Choose<Func<HeadNormInputs, Tensor>>(
        Operation.HeadNorm, type, HeadsOnto,
        [new(Kernel.HeadNormCuda, CudaHeadNorm.Instance.Forward, () => CudaHeadNorm.Limit(size))]);

    /// <summary>LayerNorm over the width.</summary>
    /// <param name="inputs">The norm is computed in x's element type.</param>
    /// <param name="result">Element type of the result.</param>
    internal static Tensor Layer(LayerNormInputs inputs, ScalarType result)
    {
        using var scope = NewDisposeScope();
        return layer_norm(inputs.X, inputs.Weight.shape, inputs.Weight + 1, null, Epsilon).to(result).MoveToOuterDisposeScope();
    }

    /// <summary>The residual stream plus a norm of each head.</summary>
    internal static Tensor HeadsOnto(HeadNormInputs inputs)
    {
        using var scope = NewDisposeScope();
        return (inputs.Stream + Heads(inputs.Hidden, inputs.Weight)).MoveToOuterDisposeScope();
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

/// <summary>The inputs of a LayerNorm.</summary>
/// <param name="X">(…, D).</param>
/// <param name="Weight">w, (D).</param>
internal sealed record LayerNormInputs(Tensor X, Tensor Weight);

/// <summary>The inputs of a norm per head that is added to the residual stream.</summary>
/// <param name="Stream">float32, (B, S, NH · DH).</param>
/// <param name="Hidden">(B, S, NH, DH).</param>
/// <param name="Weight">w, (NH · DH).</param>
internal sealed record HeadNormInputs(Tensor Stream, Tensor Hidden, Tensor Weight);
