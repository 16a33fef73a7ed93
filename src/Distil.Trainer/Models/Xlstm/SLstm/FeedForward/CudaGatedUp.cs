using Distil.Inference.Cuda;
using Distil.Inference.Models;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Xlstm.Components;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>
/// The feed-forward layer's up-projection with GELU on a GPU: norm and projection in float16, the rest in bfloat16. Equal to <see
/// cref="GatedFeedForward.Plain"/>.
/// </summary>
internal sealed class CudaGatedUp : FusedOperation<FeedForwardUpInputs, CudaGatedUp.Saved, Tensor>
{
    private static readonly CudaProgram Program = new("gated_gelu.cu");

    /// <value>The operation.</value>
    internal static CudaGatedUp Instance { get; } = new();

    /// <summary>What the backward pass needs.</summary>
    /// <param name="Norm">Saved values of the norm.</param>
    /// <param name="Up">The projection's weight.</param>
    /// <param name="Normed">bfloat16, (B, S, D).</param>
    /// <param name="Halves">Gate and up, bfloat16, (B, S, 2·F).</param>
    internal sealed record Saved(CudaLayerNorm.Saved Norm, Tensor Up, Tensor Normed, Tensor Halves);

    /// <summary>Why the kernels do not support a student's shape; null if they do.</summary>
    internal static string? Limit(XlstmConfig config) =>
        config.FeedForwardActivation != "gelu"
            ? $"its activation is {config.FeedForwardActivation}; the kernel supports gelu"
            : CudaLayerNorm.Limit(config.Width);

    /// <inheritdoc/>
    internal override Tensor Run(FeedForwardUpInputs inputs) => Run(inputs, halves: null).Gated;

    /// <inheritdoc/>
    internal override (Tensor Outputs, Saved Saved) RunSaving(FeedForwardUpInputs inputs)
    {
        var halves = empty([.. inputs.X.shape[..^1], inputs.Up.size(0)], ScalarType.BFloat16, inputs.X.device);
        var (gated, normed, norm) = Run(inputs, halves);
        return (gated, new(norm, inputs.Up, normed, halves));
    }

    /// <inheritdoc/>
    internal override FeedForwardUpInputs Gradients(Saved saved, Tensor gradients)
    {
        var (_, up, normed, halves) = saved;
        var width = up.size(0) / 2;
        var dHalves = empty_like(halves);
        Program["gated_gelu_backward"].Launch(
            LaunchShape.For(halves.numel() / 16), gradients.to(ScalarType.BFloat16).contiguous(), halves, dHalves, halves.numel() / (2 * width), (int)width);
        var dUp = dHalves.flatten(0, 1).t().mm(normed.flatten(0, 1)).to(ScalarType.Float32);
        var (dx, dNorm) = CudaLayerNorm.Instance.Gradients(saved.Norm, dHalves.matmul(up.to(ScalarType.BFloat16)));
        return new(dx, dNorm, dUp);
    }

    /// <param name="inputs">float32.</param>
    /// <param name="halves">Receives gate and up, bfloat16, (B, S, 2·F).</param>
    private static (Tensor Gated, Tensor Normed, CudaLayerNorm.Saved Norm) Run(FeedForwardUpInputs inputs, Tensor? halves)
    {
        var (x, _, up) = inputs;
        using var fine = empty(x.shape, ScalarType.Float16, x.device);
        var (normed, norm) = CudaLayerNorm.RunSaving(new(x, inputs.Norm), fine);
        using var product = nn.functional.linear(fine, up.to(ScalarType.Float16));                                // (B, S, 2·F)
        var width = up.size(0) / 2;
        var gated = empty([.. x.shape[..^1], width], ScalarType.BFloat16, x.device);
        Program["gated_gelu_forward"].Launch(LaunchShape.For(gated.numel() / 8), product, gated, halves, gated.numel() / width, (int)width);
        return (gated, normed, norm);
    }
}
