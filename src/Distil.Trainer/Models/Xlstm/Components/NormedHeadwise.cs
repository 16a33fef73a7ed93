using Distil.Trainer.Kernels;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>LayerNorm, and a headwise projection of it before it is rounded.</summary>
internal static class NormedHeadwise
{
    /// <summary>Chooses the form.</summary>
    /// <param name="backend">What is available.</param>
    /// <param name="width">D.</param>
    /// <param name="type">Element type of the results.</param>
    internal static Choice<Func<NormedHeadwiseInputs, NormedHeadwiseOutputs>> Choose(
        Backend backend, long width, ScalarType type) => backend.Choose<Func<NormedHeadwiseInputs, NormedHeadwiseOutputs>>(
        Operation.NormedHeadwise, type, inputs => Plain(inputs, type),
        [new(Kernel.NormedHeadwiseCuda, CudaNormedHeadwise.Instance.Forward, () => CudaLayerNorm.Limit(width))]);

    /// <summary>The plain form.</summary>
    /// <param name="inputs">float32.</param>
    /// <param name="type">Element type of the results.</param>
    internal static NormedHeadwiseOutputs Plain(NormedHeadwiseInputs inputs, ScalarType type)
    {
        using var scope = NewDisposeScope();
        var exact = Norms.Layer(new(inputs.X, inputs.Norm), ScalarType.Float32);
        var projected = HeadwiseLinear.BlocksFirst(exact, inputs.Projection);
        return new(exact.to(type).MoveToOuterDisposeScope(), projected.to(type).MoveToOuterDisposeScope());
    }
}

/// <summary>The inputs of a norm with a headwise projection, float32.</summary>
/// <param name="X">The residual stream, (B, S, D).</param>
/// <param name="Norm">The norm's weight, (D).</param>
/// <param name="Projection">(NH, out, DH).</param>
internal sealed record NormedHeadwiseInputs(Tensor X, Tensor Norm, Tensor Projection);

/// <summary>A norm and its headwise projection.</summary>
/// <param name="Normed">(B, S, D).</param>
/// <param name="Projected">(NH, B·S, out).</param>
internal sealed record NormedHeadwiseOutputs(Tensor Normed, Tensor Projected);
