using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>
/// A norm with a headwise projection on a GPU: the product in float16, the backward pass in bfloat16. Equal to <see cref="NormedHeadwise.Plain"/>.
/// </summary>
internal sealed class CudaNormedHeadwise : FusedOperation<NormedHeadwiseInputs, CudaNormedHeadwise.Saved, NormedHeadwiseOutputs>
{
    /// <value>The operation.</value>
    internal static CudaNormedHeadwise Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Norm">Saved values of the norm.</param>
    /// <param name="Projection">The projection's weight.</param>
    /// <param name="Normed">bfloat16, (B, S, D).</param>
    internal sealed record Saved(CudaLayerNorm.Saved Norm, Tensor Projection, Tensor Normed);

    /// <inheritdoc/>
    internal override (NormedHeadwiseOutputs Outputs, Saved Saved) RunSaving(NormedHeadwiseInputs inputs)
    {
        using var fine = empty(inputs.X.shape, ScalarType.Float16, inputs.X.device);
        var (normed, norm) = CudaLayerNorm.RunSaving(new(inputs.X, inputs.Norm), fine);
        using var product = HeadwiseLinear.BlocksFirst(fine, inputs.Projection);
        return (new(normed, product.to(ScalarType.BFloat16)), new(norm, inputs.Projection, normed.detach()));
    }

    /// <inheritdoc/>
    internal override NormedHeadwiseInputs Gradients(Saved saved, NormedHeadwiseOutputs gradients)
    {
        var projection = saved.Projection;
        Tensor Heads(Tensor rows) => rows.reshape(-1, projection.size(0), projection.size(2));                  // (B·S, NH, DH)
        var gradient = gradients.Projected.to(ScalarType.BFloat16);                                               // (NH, B·S, out)
        var dProjection = gradient.transpose(1, 2).bmm(Heads(saved.Normed).transpose(0, 1)).to(ScalarType.Float32); // (NH, out, DH)
        var back = gradient.bmm(projection.to(ScalarType.BFloat16)).transpose(0, 1);                              // (B·S, NH, DH)
        var (dx, dNorm) = CudaLayerNorm.Instance.Gradients(saved.Norm, Heads(gradients.Normed.to(ScalarType.BFloat16)).add(back).view(saved.Norm.X.shape));
        return new(dx, dNorm, dProjection);
    }
}
