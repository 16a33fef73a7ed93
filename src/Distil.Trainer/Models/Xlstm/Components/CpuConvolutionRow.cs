using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Trainer.Models.Xlstm.Components;

/// <summary>One batch row of <see cref="CpuConvolution"/>, sixteen channels at a time.</summary>
internal static unsafe class CpuConvolutionRow
{
    internal static void Forward(in ConvolutionShape shape, float* x, float* y, float* taps, float* bias)
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

    /// <summary>Adds the gradients to <paramref name="dx"/> and to <paramref name="sums"/>: of the taps, then of the bias.</summary>
    internal static void Backward(in ConvolutionShape shape, float* x, float* gradient, float* dx, float* sums, float* taps, float* bias)
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

    private static Vector512<float> Sum(in ConvolutionShape shape, float* x, float* taps, float* bias, int first)
    {
        var sum = Vector512.Load(bias);
        for (var k = first; k < shape.Kernel; k++)
        {
            sum = Vector512.FusedMultiplyAdd(Vector512.Load(taps + k * shape.Width), Vector512.Load(x + (k - shape.Kernel + 1) * shape.Stride), sum);
        }

        return sum;
    }

    private static float ScalarSum(in ConvolutionShape shape, float* x, float* taps, float bias, int first)
    {
        for (var k = first; k < shape.Kernel; k++)
        {
            bias += taps[k * shape.Width] * x[(k - shape.Kernel + 1) * shape.Stride];
        }

        return bias;
    }

    private static void Add(float* to, Vector512<float> a, Vector512<float> b) => Vector512.FusedMultiplyAdd(a, b, Vector512.Load(to)).Store(to);
}
