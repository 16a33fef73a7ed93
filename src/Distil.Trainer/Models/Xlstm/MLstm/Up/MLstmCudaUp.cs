using Distil.Trainer.Kernels;
using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace Distil.Trainer.Models.Xlstm.MLstm.Up;

/// <summary>An mLSTM block's up-projection on a GPU: to x_m in float16, the rest in bfloat16. Equal to <see cref="MLstmUp"/>.</summary>
internal sealed class MLstmCudaUp : FusedOperation<MLstmUpInputs, MLstmCudaUp.Saved, MLstmUpOutputs>, IMLstmUp
{
    /// <value>The operation.</value>
    internal static MLstmCudaUp Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Norm">Saved values of the norm.</param>
    /// <param name="Weights">Weights of the block.</param>
    /// <param name="Normed">bfloat16, (B, S, D).</param>
    /// <param name="Inner">x_m, bfloat16, (B, S, I).</param>
    internal sealed record Saved(CudaLayerNorm.Saved Norm, MLstmUpWeights Weights, Tensor Normed, Tensor Inner);

    /// <inheritdoc/>
    MLstmUpOutputs IMLstmUp.Forward(MLstmUpInputs inputs) => Forward(inputs);

    /// <inheritdoc/>
    public (Tensor Inner, Tensor Gate) Project(MLstmUpInputs inputs)
    {
        using var scope = NewDisposeScope();
        var (inner, gate, _, _) = Products(inputs);
        return (inner.to(ScalarType.Float32).MoveToOuterDisposeScope(), gate.MoveToOuterDisposeScope());
    }

    /// <inheritdoc/>
    internal override (MLstmUpOutputs Outputs, Saved Saved) RunSaving(MLstmUpInputs inputs)
    {
        var weights = inputs.Weights;
        var (fine, gate, normed, norm) = Products(inputs);
        var inner = empty(fine.shape, ScalarType.BFloat16, fine.device);
        var convolved = CudaConvolution.Run(new(fine, weights.Convolution.Weight, weights.Convolution.Bias), inner);
        fine.Dispose();
        return (new(inner, gate, convolved), new(norm, weights, normed, inner.detach()));
    }

    /// <inheritdoc/>
    internal override MLstmUpInputs Gradients(Saved saved, MLstmUpOutputs gradients)
    {
        var (_, weights, normed, inner) = saved;
        Tensor Rows(Tensor x) => x.to(ScalarType.BFloat16).reshape(-1, x.size(-1));
        var (dInner, dTaps, dBias) = CudaConvolution.Instance.Gradients(new(inner, weights.Convolution.Weight, weights.Convolution.Bias), gradients.Convolved);
        var (toInner, toGate) = (Rows(dInner.add_(gradients.Inner)), Rows(gradients.Gate));                       // (B·S, I)
        var dNormed = toInner.mm(weights.ToInner.to(ScalarType.BFloat16)).addmm_(toGate, weights.ToGate.to(ScalarType.BFloat16));
        var dProjection = empty_like(weights.Projection);
        dProjection.narrow(0, 0, weights.Width).copy_(toInner.t().mm(Rows(normed)));
        dProjection.narrow(0, weights.Width, weights.Width).copy_(toGate.t().mm(Rows(normed)));
        var (dStream, dNorm) = CudaLayerNorm.Instance.Gradients(saved.Norm, dNormed);
        return new(dStream, new(dNorm, dProjection, new(dTaps, dBias)));
    }

    /// <returns>x_m, float16; z; and the norm with what its backward pass needs.</returns>
    private static (Tensor Inner, Tensor Gate, Tensor Normed, CudaLayerNorm.Saved Norm) Products(MLstmUpInputs inputs)
    {
        var (stream, weights) = inputs;
        using var fine = empty(stream.shape, ScalarType.Float16, stream.device);
        var (normed, norm) = CudaLayerNorm.RunSaving(new(stream, weights.Norm), fine);
        return (linear(fine, weights.ToInner.to(ScalarType.Float16)), linear(normed, weights.ToGate.to(ScalarType.BFloat16)), normed, norm);
    }
}
