using Distil.Trainer.Kernels;
using Distil.Trainer.Torch;
using static TorchSharp.torch;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>Causal depthwise convolution and its SiLU in one pass over memory: float32 on the CPU. Equal to <see cref="CausalConvolution.Plain"/>.</summary>
/// <remarks>Gradients of the weights are summed for each batch row, then over the rows in order: they do not depend on the number of threads.</remarks>
internal sealed unsafe class CpuConvolution : FusedOperation<ConvolutionInputs, ConvolutionInputs, Tensor>
{
    /// <value>The operation.</value>
    internal static CpuConvolution Instance { get; } = new();

    /// <inheritdoc/>
    internal override Tensor Run(ConvolutionInputs inputs)
    {
        var (x, weight, bias) = inputs;
        var shape = ShapeOf(x, weight);
        var (taps, input, offset) = (weight.view(shape.Width, shape.Kernel).t().contiguous(), Rows(x), TensorMemory.Dense(bias));
        var output = empty(x.shape, ScalarType.Float32);
        var (from, to, w, b) = (TensorMemory.Floats(input), TensorMemory.Floats(output), TensorMemory.Floats(taps), TensorMemory.Floats(offset));
        shape = shape with { Stride = input.stride(1), BatchStride = input.stride(0) };
        Each(shape, row => CpuConvolutionRow.Forward(
            shape, (float*)from + row * shape.BatchStride, (float*)to + (long)row * shape.Length * shape.Width, (float*)w, (float*)b));
        return output;
    }

    /// <inheritdoc/>
    internal override (Tensor Outputs, ConvolutionInputs Saved) RunSaving(ConvolutionInputs inputs) => (Run(inputs), inputs);

    /// <inheritdoc/>
    internal override ConvolutionInputs Gradients(ConvolutionInputs saved, Tensor gradients)
    {
        var (x, weight, bias) = saved;
        var shape = ShapeOf(x, weight);
        var (taps, input, offset, dense) =
            (weight.view(shape.Width, shape.Kernel).t().contiguous(), Rows(x), TensorMemory.Dense(bias), TensorMemory.Dense(gradients));
        var dInput = zeros(x.shape, ScalarType.Float32);
        var sums = zeros([shape.Batch, shape.Kernel + 1, shape.Width], ScalarType.Float32);                 // taps, then the bias
        var (from, to, w, b) = (TensorMemory.Floats(input), TensorMemory.Floats(dInput), TensorMemory.Floats(taps), TensorMemory.Floats(offset));
        var (g, s) = (TensorMemory.Floats(dense), TensorMemory.Floats(sums));
        shape = shape with { Stride = input.stride(1), BatchStride = input.stride(0) };
        Each(shape, row => CpuConvolutionRow.Backward(
            shape, (float*)from + row * shape.BatchStride, (float*)g + (long)row * shape.Length * shape.Width,
            (float*)to + (long)row * shape.Length * shape.Width, (float*)s + (long)row * (shape.Kernel + 1) * shape.Width, (float*)w, (float*)b));
        var total = sums.sum([0L]);                                                                            // (K + 1, D)
        return new(dInput, total.narrow(0, 0, shape.Kernel).t().contiguous().view(weight.shape), total.select(0, shape.Kernel).clone());
    }

    private static void Each(ConvolutionShape shape, Action<int> row)
    {
        if (shape.Batch * (long)shape.Length <= 64)
        {
            for (var index = 0; index < shape.Batch; index++)
            {
                row(index);
            }
        }
        else
        {
            Parallel.For(0, shape.Batch, row);
        }
    }

    /// <summary>x itself if each row is dense, else a dense copy.</summary>
    private static Tensor Rows(Tensor x) => x.stride(2) == 1 ? x : x.contiguous();

    private static ConvolutionShape ShapeOf(Tensor x, Tensor weight) => new((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], (int)weight.shape[2], 0, 0);
}

/// <summary>Sizes of a convolution: B, S, D, K, and the elements from one position and one batch row of x to the next.</summary>
internal readonly record struct ConvolutionShape(int Batch, int Length, int Width, int Kernel, long Stride, long BatchStride);
