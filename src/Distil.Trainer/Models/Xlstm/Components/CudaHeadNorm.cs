using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>A norm per head and its way onto the residual stream as one CUDA kernel a direction. Equal to <see cref="Norms.PlainHeadsOnto"/>.</summary>
internal static class CudaHeadNorm
{
    private const int Warps = 8, BackwardBlocks = 528, MaxSize = 1024;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <summary>Whether it serves here: bfloat16 heads onto a float32 stream.</summary>
    internal static bool Serves(Tensor stream, Tensor hidden) =>
        hidden.dtype == ScalarType.BFloat16 && stream.dtype == ScalarType.Float32 && hidden.size(-1) is <= MaxSize and var size && size % 2 == 0
        && CudaRuntime.Use(hidden, "the norm of heads", "a training step takes some 3 % longer");

    /// <inheritdoc cref="Norms.HeadsOnto"/>
    internal static Tensor Forward(Tensor stream, Tensor hidden, Tensor weight)
    {
        if (is_grad_enabled())
        {
            return Function.apply(stream, hidden, weight);
        }

        using var scope = NewDisposeScope();
        return Run(stream.contiguous(), hidden.contiguous(), weight).MoveToOuterDisposeScope();
    }

    internal static Tensor Run(Tensor stream, Tensor hidden, Tensor weight)
    {
        var (heads, size) = (hidden.size(2), hidden.size(3));
        var items = hidden.numel() / size;
        var result = empty_like(stream);
        Program(size)["head_norm_forward"].Launch(new((items + Warps - 1) / Warps, 32 * Warps), stream, hidden, weight, result, items, (int)heads, (float)Norms.Epsilon);
        return result;
    }

    internal static List<Tensor> Gradients(Tensor gradient, Tensor hidden, Tensor weight)
    {
        var (heads, size) = (hidden.size(2), hidden.size(3));
        var launch = new LaunchShape(heads, 32 * Warps, GridY: (int)Math.Max(1, BackwardBlocks / heads));
        var dense = gradient.contiguous();
        var dHidden = empty_like(hidden);
        var partial = empty([launch.GridY, heads * size], ScalarType.Float32, hidden.device);
        Program(size)["head_norm_backward"].Launch(launch, dense, hidden, weight, dHidden, partial, (int)(hidden.size(0) * hidden.size(1)), (int)heads, (float)Norms.Epsilon);
        return [dense.detach(), dHidden, partial.sum([0L])];
    }

    private static CudaProgram Program(long size) => Programs.GetOrAdd(size, key => new("head_norm.cu", $"HEAD_SIZE={key}"));

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CudaHeadNorm);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (stream, hidden, weight) = (((Tensor)inputs[0]).contiguous(), ((Tensor)inputs[1]).contiguous(), (Tensor)inputs[2]);
            context.set_materialize_grads(false);
            context.save_for_backward([hidden.MoveToOuterDisposeScope(), weight]);
            return Run(stream, hidden, weight).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(3, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1]);
        });
    }
}
