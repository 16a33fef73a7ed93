using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>LayerNorm of the float32 residual stream into bfloat16 as one CUDA kernel a direction. Equal to <see cref="Norms.Plain"/>.</summary>
internal static class CudaLayerNorm
{
    /// <summary>A row is kept in registers, by 256 threads.</summary>
    private const int MaxWidth = 8192;

    /// <summary>Blocks of the backward kernel: each sums the weight's gradient over its rows, so that few partial sums remain.</summary>
    private const int BackwardBlocks = 528;

    private static readonly ConcurrentDictionary<long, CudaProgram> Programs = new();

    /// <summary>Whether it serves here: from float32 to bfloat16.</summary>
    internal static bool Serves(Tensor x, ScalarType arithmetic) =>
        arithmetic == ScalarType.BFloat16 && x.dtype == ScalarType.Float32 && x.size(-1) is <= MaxWidth and var width && width % 2 == 0
        && CudaRuntime.Use(x, "LayerNorm", "a training step takes some 5 % longer");

    /// <inheritdoc cref="Norms.Layer"/>
    internal static Tensor Forward(Tensor x, Tensor weight)
    {
        if (is_grad_enabled())
        {
            return Function.apply(x, weight);
        }

        using var scope = NewDisposeScope();
        return Run(x.contiguous(), weight).Output.MoveToOuterDisposeScope();
    }

    /// <param name="x">Dense.</param>
    /// <param name="weight">w, (D).</param>
    /// <param name="fine">
    /// Takes the result in float16, of x's shape: 8 times as near as bfloat16 and as fast to multiply, for products whose rounding the model amplifies. It cannot hold more
    /// than 65,504, which a norm, √D·|1 + w| at most, and its product with a weight do not reach; a value beyond it is held there.
    /// </param>
    /// <returns>The norm, bfloat16, and what <see cref="Gradients"/> needs of the statistics.</returns>
    internal static (Tensor Output, Tensor Statistics) Run(Tensor x, Tensor weight, Tensor? fine = null)
    {
        var rows = x.numel() / x.size(-1);
        var y = empty(x.shape, ScalarType.BFloat16, x.device);
        var statistics = empty([rows, 2], ScalarType.Float32, x.device);
        Program(x)["layer_norm_forward"].Launch(new(rows, 256), x, weight.contiguous(), y, fine, statistics, (float)Norms.Epsilon);
        return (y, statistics);
    }

    /// <returns>Gradients of x and the weight.</returns>
    internal static List<Tensor> Gradients(Tensor gradient, Tensor x, Tensor weight, Tensor statistics)
    {
        var rows = statistics.size(0);
        var blocks = Math.Min(rows, BackwardBlocks);
        var dx = empty_like(x);
        var dWeight = empty([blocks, x.size(-1)], ScalarType.Float32, x.device);
        Program(x)["layer_norm_backward"].Launch(
            new(blocks, 256), gradient.to(ScalarType.BFloat16).contiguous(), x, weight.contiguous(), statistics, dx, dWeight, (int)rows);
        return [dx, dWeight.sum([0L])];
    }

    private static CudaProgram Program(Tensor x) => Programs.GetOrAdd(x.size(-1), width => new("layer_norm.cu", $"WIDTH={width}"));

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CudaLayerNorm);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (x, weight) = (((Tensor)inputs[0]).contiguous(), (Tensor)inputs[1]);
            var (output, statistics) = Run(x, weight);
            context.set_materialize_grads(false);
            context.save_for_backward([x.MoveToOuterDisposeScope(), weight, statistics.MoveToOuterDisposeScope()]);
            return output.MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(2, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2]);
        });
    }
}
