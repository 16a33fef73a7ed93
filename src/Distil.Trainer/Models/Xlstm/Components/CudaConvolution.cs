using System.Collections.Concurrent;
using Distil.Inference.Cuda;
using Distil.Trainer.Kernels;
using Distil.Trainer.Kernels.Launching;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>
/// Causal depthwise convolution and its SiLU as one CUDA kernel for each direction, into bfloat16. Equal to <see cref="CausalConvolution.Plain"/>.
/// </summary>
internal sealed class CudaConvolution : FusedOperation<ConvolutionInputs, ConvolutionInputs, Tensor>
{
    private const int MaxTaps = 8, Threads = 128;

    /// <summary>Positions that a thread computes: fewer forward, where starting a tile costs little, than backward, where each tile writes its sums.</summary>
    private const int ForwardTile = 16, BackwardTile = 32;

    private static readonly ConcurrentDictionary<(long Taps, int Tile, ScalarType Source), CudaProgram> Programs = new();

    /// <value>The operation.</value>
    internal static CudaConvolution Instance { get; } = new();

    /// <summary>Why the kernels do not support a weight's shape; null if they do.</summary>
    internal static string? Limit(Tensor weight) =>
        weight.size(2) > MaxTaps ? $"it has {weight.size(2)} taps; the kernel supports up to {MaxTaps}"
        : weight.size(0) % 2 != 0 ? $"it has {weight.size(0)} channels; the kernel supports even numbers"
        : null;

    /// <inheritdoc/>
    internal override Tensor Run(ConvolutionInputs inputs) => Run(inputs, rounded: null);

    /// <inheritdoc cref="Run(ConvolutionInputs)"/>
    /// <param name="inputs">x bfloat16, float16 or float32.</param>
    /// <param name="rounded">Receives x, rounded: bfloat16, (B, S, D).</param>
    internal static Tensor Run(ConvolutionInputs inputs, Tensor? rounded)
    {
        var (x, weight, bias) = inputs;
        var input = Rows(x);
        var y = empty(x.shape, ScalarType.BFloat16, x.device);
        Program(weight, ForwardTile, x.dtype)["convolution_forward"].Launch(
            Shape(x, ForwardTile), KernelArgument.Strided(input), weight.contiguous(), bias.contiguous(),
            y, rounded, (int)x.size(1), (int)x.size(2), input.stride(1));
        return y;
    }

    /// <inheritdoc/>
    internal override (Tensor Outputs, ConvolutionInputs Saved) RunSaving(ConvolutionInputs inputs) => (Run(inputs), inputs);

    /// <inheritdoc/>
    /// <param name="saved">x bfloat16.</param>
    /// <param name="gradients">Gradients of the result.</param>
    internal override ConvolutionInputs Gradients(ConvolutionInputs saved, Tensor gradients)
    {
        var (x, weight, bias) = saved;
        var (input, shape, kernel, width) = (Rows(x), Shape(x, BackwardTile), weight.size(2), x.size(2));
        var dx = empty(x.shape, ScalarType.BFloat16, x.device);
        var sums = empty([shape.GridZ * shape.GridY, kernel + 1, width], ScalarType.Float32, x.device);
        Program(weight, BackwardTile, ScalarType.BFloat16)["convolution_backward"].Launch(
            shape, gradients.to(ScalarType.BFloat16).contiguous(), KernelArgument.Strided(input), weight.contiguous(), bias.contiguous(), dx, sums,
            (int)x.size(1), (int)width, input.stride(1));
        var total = sums.sum([0L]);                                                                              // (K + 1, D)
        return new(dx, total.narrow(0, 0, kernel).t().contiguous().view(weight.shape), total.select(0, kernel));
    }

    private static CudaProgram Program(Tensor weight, int tile, ScalarType source) => Programs.GetOrAdd(
        (weight.size(2), tile, source),
        key => new("convolution.cu", $"TAPS={key.Taps}", $"POSITIONS={key.Tile}", $"SOURCE={NameOf(key.Source)}"));

    private static string NameOf(ScalarType type) => type switch
    {
        ScalarType.Float32 => "float",
        ScalarType.Float16 => "fp16",
        _ => "bf16",
    };

    private static LaunchShape Shape(Tensor x, int tile) => new(
        (x.size(2) / 2 + Threads - 1) / Threads, Threads, GridY: (int)((x.size(1) + tile - 1) / tile), GridZ: (int)x.size(0));

    private static Tensor Rows(Tensor x) => TensorMemory.Rows(x, 2);
}
