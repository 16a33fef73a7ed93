using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Layers;

/// <summary>SiLU of a causal depthwise convolution, one position at a time: each channel sees its own last K inputs.</summary>
internal sealed unsafe class Convolution : IDisposable
{
    private readonly int _width;
    private readonly int _kernel;
    private readonly int _stride;

    /// <param name="width">Number of channels.</param>
    /// <param name="kernel">K.</param>
    /// <param name="weights">(width, 1, K), the newest position last.</param>
    /// <param name="bias">(width).</param>
    internal Convolution(int width, int kernel, ReadOnlySpan<float> weights, ReadOnlySpan<float> bias)
    {
        (_width, _kernel, _stride) = (width, kernel, VectorMath.Padded(width));
        Weights = new((long)(kernel + 1) * _stride);
        bias.CopyTo(Weights.Span(0, width));
        for (var k = 0; k < kernel; k++)
        {
            for (var channel = 0; channel < width; channel++)
            {
                Weights.Start[(long)(k + 1) * _stride + channel] = weights[channel * kernel + k];
            }
        }
    }

    /// <value>(K + 1, stride), width rounded up to 16: the bias, then the weights, the newest position last.</value>
    internal FloatBuffer Weights { get; }

    /// <value>Floats of the state: the last K − 1 inputs, the oldest first.</value>
    internal int StateLength => (_kernel - 1) * _width;

    /// <summary>y = SiLU(b + Σₖ w(k) · x(t − K + 1 + k)); the state advances.</summary>
    /// <param name="x">(width).</param>
    /// <param name="state">(K − 1, width).</param>
    /// <param name="y">(width).</param>
    internal void Step(float* x, float* state, float* y)
    {
        for (var i = 0; i < _width; i += VectorMath.Width)
        {
            var left = _width - i;
            var weight = Weights.Start + i;
            var sum = Vector512.Load(weight);
            for (var k = 0; k < _kernel - 1; k++)
            {
                weight += _stride;
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(weight), Lanes.Load(state + (long)k * _width + i, left), sum);
            }

            sum = Vector512.FusedMultiplyAdd(Vector512.Load(weight + _stride), Lanes.Load(x + i, left), sum);
            Lanes.Store(sum * VectorMath.Sigmoid(sum), y + i, left);
        }

        if (_kernel > 1)
        {
            var tail = new Span<float>(state, StateLength);
            tail[_width..].CopyTo(tail);
            new ReadOnlySpan<float>(x, _width).CopyTo(tail[^_width..]);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
