using System.Runtime.Intrinsics;
using Distil.Trainer.Numerics;
using Distil.Trainer.Torch;
using static TorchSharp.torch;
using static TorchSharp.torch.autograd;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>Causal depthwise convolution and its SiLU in one pass over memory: float32 on the CPU. Equal to <see cref="CausalConvolution.Plain"/>.</summary>
/// <remarks>Rows of x may lie apart (a half of a wider tensor). Gradients of the weights are summed a batch row each, then over rows in order.</remarks>
internal static unsafe class CpuConvolution
{
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

    private static Tensor Run(Tensor x, Tensor weight, Tensor bias)
    {
        var shape = new Shape(x, weight);
        var (taps, input, offset) = (weight.view(shape.Width, shape.Kernel).t().contiguous(), Rows(x), TensorMemory.Dense(bias));
        var output = empty(x.shape, ScalarType.Float32);
        var (from, to, w, b) = (TensorMemory.Floats(input), TensorMemory.Floats(output), TensorMemory.Floats(taps), TensorMemory.Floats(offset));
        shape = shape with { Stride = input.stride(1), BatchStride = input.stride(0) };
        Each(shape, row => Row(shape, (float*)from + row * shape.BatchStride, (float*)to + (long)row * shape.Length * shape.Width, (float*)w, (float*)b));
        return output;
    }

    private static void Row(in Shape shape, float* x, float* y, float* taps, float* bias)
    {
        for (var t = 0; t < shape.Length; t++, x += shape.Stride, y += shape.Width)
        {
            var first = Math.Max(0, shape.Kernel - 1 - t);
            var d = 0;
            for (; d + VectorMath.Width <= shape.Width; d += VectorMath.Width)
            {
                var sum = Sum(shape, x + d, taps + d, bias + d, first);
                (sum * VectorMath.Sigmoid(sum)).Store(y + d);
            }

            for (; d < shape.Width; d++)
            {
                var sum = ScalarSum(shape, x + d, taps + d, bias[d], first);
                y[d] = sum / (1 + MathF.Exp(-sum));
            }
        }
    }

    private static Vector512<float> Sum(in Shape shape, float* x, float* taps, float* bias, int first)
    {
        var sum = Vector512.Load(bias);
        for (var k = first; k < shape.Kernel; k++)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(taps + k * shape.Width), Vector512.Load(x + (k - shape.Kernel + 1) * shape.Stride), sum);
        }

        return sum;
    }

    private static float ScalarSum(in Shape shape, float* x, float* taps, float bias, int first)
    {
        for (var k = first; k < shape.Kernel; k++)
        {
            bias += taps[k * shape.Width] * x[(k - shape.Kernel + 1) * shape.Stride];
        }
        return bias;
    }

    private static List<Tensor> Gradients(Tensor gradient, Tensor x, Tensor weight, Tensor bias)
    {
        var shape = new Shape(x, weight);
        var (taps, input, offset, dense) =
            (weight.view(shape.Width, shape.Kernel).t().contiguous(), Rows(x), TensorMemory.Dense(bias), TensorMemory.Dense(gradient));
        var dInput = zeros(x.shape, ScalarType.Float32);
        var sums = zeros([shape.Batch, shape.Kernel + 1, shape.Width], ScalarType.Float32);                 // taps, then the bias
        var (from, to, w, b) = (TensorMemory.Floats(input), TensorMemory.Floats(dInput), TensorMemory.Floats(taps), TensorMemory.Floats(offset));
        var (g, s) = (TensorMemory.Floats(dense), TensorMemory.Floats(sums));
        shape = shape with { Stride = input.stride(1), BatchStride = input.stride(0) };
        Each(shape, row => BackRow(
            shape, (float*)from + row * shape.BatchStride, (float*)g + (long)row * shape.Length * shape.Width,
            (float*)to + (long)row * shape.Length * shape.Width, (float*)s + (long)row * (shape.Kernel + 1) * shape.Width, (float*)w, (float*)b));
        var total = sums.sum([0L]);                                                                            // (K + 1, D)
        return [dInput, total.narrow(0, 0, shape.Kernel).t().contiguous().view(weight.shape), total.select(0, shape.Kernel).clone()];
    }

    private static void BackRow(in Shape shape, float* x, float* gradient, float* dx, float* sums, float* taps, float* bias)
    {
        for (var t = 0; t < shape.Length; t++, x += shape.Stride, gradient += shape.Width, dx += shape.Width)
        {
            var first = Math.Max(0, shape.Kernel - 1 - t);
            var d = 0;
            for (; d + VectorMath.Width <= shape.Width; d += VectorMath.Width)
            {
                var sum = Sum(shape, x + d, taps + d, bias + d, first);
                var open = VectorMath.Sigmoid(sum);
                var slope = open * Vector512.FusedMultiplyAdd(sum, Vector512<float>.One - open, Vector512<float>.One);
                var dSum = Vector512.Load(gradient + d) * slope;
                for (var k = first; k < shape.Kernel; k++)
                {
                    var back = k - shape.Kernel + 1;
                    Add(dx + back * shape.Width + d, dSum, Vector512.Load(taps + k * shape.Width + d));
                    Add(sums + k * shape.Width + d, dSum, Vector512.Load(x + back * shape.Stride + d));
                }

                Add(sums + shape.Kernel * shape.Width + d, dSum, Vector512<float>.One);
            }

            for (; d < shape.Width; d++)
            {
                var sum = ScalarSum(shape, x + d, taps + d, bias[d], first);
                var open = 1 / (1 + MathF.Exp(-sum));
                var dSum = gradient[d] * open * (1 + sum * (1 - open));
                for (var k = first; k < shape.Kernel; k++)
                {
                    var back = k - shape.Kernel + 1;
                    dx[back * shape.Width + d] += dSum * taps[k * shape.Width + d];
                    sums[k * shape.Width + d] += dSum * x[back * shape.Stride + d];
                }

                sums[shape.Kernel * shape.Width + d] += dSum;
            }
        }
    }

    private static void Add(float* to, Vector512<float> a, Vector512<float> b) => Vector512.FusedMultiplyAdd(a, b, Vector512.Load(to)).Store(to);

    private static void Each(Shape shape, Action<int> row)
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

    /// <summary>x itself where each row is dense, else a dense copy.</summary>
    private static Tensor Rows(Tensor x) => x.stride(2) == 1 ? x : x.contiguous();

    private readonly record struct Shape(int Batch, int Length, int Width, int Kernel, long Stride, long BatchStride)
    {
        internal Shape(Tensor x, Tensor weight) : this((int)x.shape[0], (int)x.shape[1], (int)x.shape[2], (int)weight.shape[2], 0, 0)
        {
        }
    }

    private sealed class Function : SingleTensorFunction<Function>
    {
        public override string Name => nameof(CpuConvolution);

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
