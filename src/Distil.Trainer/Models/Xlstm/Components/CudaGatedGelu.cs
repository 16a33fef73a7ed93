using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Models.Xlstm.Kernels;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>GELU(gate)·up of the two halves of one projection as one CUDA kernel a direction, bfloat16. Equal to <see cref="GatedFeedForward.Gate"/> with gelu.</summary>
internal static class CudaGatedGelu
{
    private static readonly CudaProgram Program = new("gated_gelu.cu");

    /// <summary>Whether it serves here.</summary>
    internal static bool Serves(Tensor halves, string activation) =>
        activation == "gelu" && halves.dtype == ScalarType.BFloat16 && halves.shape[^1] % 16 == 0
        && KernelSupport.Use(halves, "the feed-forward gate", "a training step takes some 2 % longer");

    /// <param name="halves">(B, S, 2·F): gate, then up.</param>
    /// <returns>(B, S, F).</returns>
    internal static Tensor Forward(Tensor halves)
    {
        if (is_grad_enabled()) { return Function.apply(halves); }

        using var scope = NewDisposeScope();
        return Run(halves.contiguous()).MoveToOuterDisposeScope();
    }

    internal static Tensor Run(Tensor halves)
    {
        var width = halves.shape[^1] / 2;
        var y = empty([.. halves.shape[..^1], width], ScalarType.BFloat16, halves.device);
        Program["gated_gelu_forward"].Launch(LaunchShape.For(y.numel() / 8), halves, y, y.numel() / width, (int)width);
        return y;
    }

    internal static Tensor Gradient(Tensor gradient, Tensor halves)
    {
        var width = halves.shape[^1] / 2;
        var dHalves = empty_like(halves);
        Program["gated_gelu_backward"].Launch(
            LaunchShape.For(halves.numel() / 16), gradient.to(ScalarType.BFloat16).contiguous(), halves, dHalves, halves.numel() / (2 * width), (int)width);
        return dHalves;
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CudaGatedGelu);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var halves = ((Tensor)inputs[0]).contiguous();
            context.set_materialize_grads(false);
            context.save_for_backward([halves.MoveToOuterDisposeScope()]);
            return Run(halves).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) =>
            GradientScope.Run(1, gradient, () => [Gradient(gradient, context.get_saved_variables()[0])]);
    }
}
