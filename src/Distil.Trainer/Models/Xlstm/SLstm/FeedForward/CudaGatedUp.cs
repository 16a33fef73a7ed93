using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Xlstm.Components;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.SLstm.FeedForward;

/// <summary>The feed-forward's way up with GELU on a GPU: norm and projection in float16, the rest in bfloat16. Equal to <see cref="GatedFeedForward.PlainUp"/>.</summary>
internal static class CudaGatedUp
{
    private static readonly CudaProgram Program = new("gated_gelu.cu");

    /// <summary>Whether it serves here.</summary>
    internal static bool Serves(Tensor x, Tensor up, string activation, ScalarType arithmetic) =>
        activation == "gelu" && up.size(0) % 16 == 0 && CudaLayerNorm.Serves(x, arithmetic)
        && CudaRuntime.Use(x, "the feed-forward gate", "a training step takes some 2 % longer");

    /// <inheritdoc cref="GatedFeedForward.PlainUp"/>
    internal static Tensor Forward(Tensor x, Tensor norm, Tensor up)
    {
        if (is_grad_enabled())
        {
            return Function.apply(x, norm, up);
        }

        using var scope = NewDisposeScope();
        return Run(x.contiguous(), norm, up, null).Gated.MoveToOuterDisposeScope();
    }

    internal static (Tensor Gated, Tensor Normed, Tensor Statistics) Run(Tensor x, Tensor norm, Tensor up, Tensor? halves)
    {
        using var fine = empty(x.shape, ScalarType.Float16, x.device);
        var (normed, statistics) = CudaLayerNorm.Run(x, norm, fine);
        using var product = nn.functional.linear(fine, up.to(ScalarType.Float16));                                // (B, S, 2·F)
        var width = up.size(0) / 2;
        var gated = empty([.. x.shape[..^1], width], ScalarType.BFloat16, x.device);
        Program["gated_gelu_forward"].Launch(LaunchShape.For(gated.numel() / 8), product, gated, halves, gated.numel() / width, (int)width);
        return (gated, normed, statistics);
    }

    internal static List<Tensor> Gradients(Tensor gradient, Tensor x, Tensor norm, Tensor up, Tensor halves, Tensor normed, Tensor statistics)
    {
        var width = up.size(0) / 2;
        var dHalves = empty_like(halves);
        Program["gated_gelu_backward"].Launch(
            LaunchShape.For(halves.numel() / 16), gradient.to(ScalarType.BFloat16).contiguous(), halves, dHalves, halves.numel() / (2 * width), (int)width);
        var dUp = dHalves.flatten(0, 1).t().mm(normed.flatten(0, 1)).to(ScalarType.Float32);
        return [.. CudaLayerNorm.Gradients(dHalves.matmul(up.to(ScalarType.BFloat16)), x, norm, statistics), dUp];
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CudaGatedUp);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (x, norm, up) = (((Tensor)inputs[0]).contiguous(), (Tensor)inputs[1], (Tensor)inputs[2]);
            var halves = empty([.. x.shape[..^1], up.size(0)], ScalarType.BFloat16, x.device);
            var (gated, normed, statistics) = Run(x, norm, up, halves);
            context.set_materialize_grads(false);
            context.save_for_backward(
                [x.MoveToOuterDisposeScope(), norm, up, halves.MoveToOuterDisposeScope(), normed.MoveToOuterDisposeScope(), statistics.MoveToOuterDisposeScope()]);
            return gated.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(3, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2], saved[3], saved[4], saved[5]);
        });
    }
}
