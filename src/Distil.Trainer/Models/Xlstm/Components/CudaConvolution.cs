using System.Collections.Concurrent;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>Causal depthwise convolution and its SiLU as one CUDA kernel a direction, into bfloat16. Equal to <see cref="CausalConvolution.Plain"/>.</summary>
/// <remarks>Rows of x may lie apart (a half of a wider tensor).</remarks>
internal static class CudaConvolution
{
    private const int MaxTaps = 8, Threads = 128;

    /// <summary>Positions that a thread does: fewer forward, where starting a tile costs little, than backward, where each tile writes its sums.</summary>
    private const int ForwardTile = 16, BackwardTile = 32;

    private static readonly ConcurrentDictionary<(long Taps, int Tile, ScalarType Source), CudaProgram> Programs = new();

    /// <summary>Whether it serves these tensors here: bfloat16, and float32 where no gradient is wanted.</summary>
    internal static bool Serves(Tensor x, Tensor weight, ScalarType result) => result == ScalarType.BFloat16
        && (x.dtype == ScalarType.BFloat16 || (x.dtype == ScalarType.Float32 && !is_grad_enabled())) && Takes(x, weight);

    /// <summary>Whether the kernels take these sizes, here.</summary>
    internal static bool Takes(Tensor x, Tensor weight) => weight.size(2) <= MaxTaps && x.size(2) % 2 == 0
        && CudaRuntime.Use(x, "the convolution", "a training step takes about twice as long");

    /// <inheritdoc cref="CausalConvolution.Plain"/>
    internal static Tensor Forward(Tensor x, Tensor weight, Tensor bias)
    {
        if (is_grad_enabled())
        {
            return Function.apply(x, weight, bias);
        }

        using var scope = NewDisposeScope();
        return Run(x, weight, bias).MoveToOuterDisposeScope();
    }

    /// <param name="x">bfloat16, float16 or float32.</param>
    /// <param name="weight">float32, (D, 1, K).</param>
    /// <param name="bias">float32, (D).</param>
    /// <param name="rounded">Takes x, rounded: bfloat16, (B, S, D).</param>
    internal static Tensor Run(Tensor x, Tensor weight, Tensor bias, Tensor? rounded = null)
    {
        var input = Rows(x);
        var y = empty(x.shape, ScalarType.BFloat16, x.device);
        Program(weight, ForwardTile, x.dtype)["convolution_forward"].Launch(
            Shape(x, ForwardTile), KernelArgument.Strided(input), weight.contiguous(), bias.contiguous(), y, rounded, (int)x.size(1), (int)x.size(2), input.stride(1));
        return y;
    }

    /// <param name="gradient">Of the result.</param>
    /// <param name="x">bfloat16.</param>
    /// <param name="weight">As forward.</param>
    /// <param name="bias">As forward.</param>
    /// <returns>Gradients of x, the weight and the bias.</returns>
    internal static List<Tensor> Gradients(Tensor gradient, Tensor x, Tensor weight, Tensor bias)
    {
        var (input, shape, kernel, width) = (Rows(x), Shape(x, BackwardTile), weight.size(2), x.size(2));
        var dx = empty(x.shape, ScalarType.BFloat16, x.device);
        var sums = empty([shape.GridZ * shape.GridY, kernel + 1, width], ScalarType.Float32, x.device);
        Program(weight, BackwardTile, ScalarType.BFloat16)["convolution_backward"].Launch(
            shape, gradient.to(ScalarType.BFloat16).contiguous(), KernelArgument.Strided(input), weight.contiguous(), bias.contiguous(), dx, sums,
            (int)x.size(1), (int)width, input.stride(1));
        var total = sums.sum([0L]);                                                                              // (K + 1, D)
        return [dx, total.narrow(0, 0, kernel).t().contiguous().view(weight.shape), total.select(0, kernel)];
    }

    private static CudaProgram Program(Tensor weight, int tile, ScalarType source) => Programs.GetOrAdd(
        (weight.size(2), tile, source),
        key => new("convolution.cu", $"TAPS={key.Taps}", $"POSITIONS={key.Tile}", $"SOURCE={NameOf(key.Source)}"));

    private static string NameOf(ScalarType type) => type switch { ScalarType.Float32 => "float", ScalarType.Float16 => "fp16", _ => "bf16" };

    private static LaunchShape Shape(Tensor x, int tile) => new(
        (x.size(2) / 2 + Threads - 1) / Threads, Threads, GridY: (int)((x.size(1) + tile - 1) / tile), GridZ: (int)x.size(0));

    private static Tensor Rows(Tensor x) => TensorMemory.Rows(x, 2);

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CudaConvolution);

        public override Tensor forward(AutogradContext context, params object[] inputs)
        {
            using var scope = NewDisposeScope();
            var (x, weight, bias) = ((Tensor)inputs[0], (Tensor)inputs[1], (Tensor)inputs[2]);
            context.set_materialize_grads(false);
            context.save_for_backward([x, weight, bias]);
            return Run(x, weight, bias).MoveToOuterDisposeScope();
        }

        public override List<Tensor> backward(AutogradContext context, Tensor gradient) => GradientScope.Run(3, gradient, () =>
        {
            var saved = context.get_saved_variables();
            return Gradients(gradient, saved[0], saved[1], saved[2]);
        });
    }
}
