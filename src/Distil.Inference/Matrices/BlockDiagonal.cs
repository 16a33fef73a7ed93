using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Matrices;

/// <summary>A block-diagonal matrix of small blocks: each output depends on the inputs of its own block.</summary>
internal sealed unsafe class BlockDiagonal : IDisposable
{
    private readonly int _size;
    private readonly int _width;
    private readonly int _stride;
    /// <param name="width">Number of inputs and of outputs.</param>
    /// <param name="size">Width of a block; divides <paramref name="width"/>.</param>
    /// <param name="weights">(width / size, size, size): block, output, input.</param>
    internal BlockDiagonal(int width, int size, ReadOnlySpan<float> weights)
    {
        (_width, _size, _stride) = (width, size, Matrix.BlocksOf(width) * Matrix.Block);
        Weights = new((long)size * _stride);
        for (var output = 0; output < width; output++)
        {
            for (var input = 0; input < size; input++)
            {
                Weights.Start[(long)input * _stride + output] = weights[output * size + input];
            }
        }
    }

    /// <value>(size, stride), a multiple of 32: row j contains each output's weight of its block's input j.</value>
    internal FloatBuffer Weights { get; }

    /// <summary>y = W · x.</summary>
    /// <param name="x">(width), readable up to a multiple of 16.</param>
    /// <param name="y">(width), writable up to a multiple of 16.</param>
    internal void Multiply(float* x, float* y)
    {
        if (VectorMath.Width % _size == 0)
        {
            MultiplyVectors(x, y);
        }
        else
        {
            MultiplyPlain(x, y);
        }
    }

    /// <summary>The plain form, for any size of a block.</summary>
    internal void MultiplyPlain(float* x, float* y)
    {
        for (var output = 0; output < _width; output++)
        {
            var sum = 0f;
            for (var input = 0; input < _size; input++)
            {
                sum = MathF.FusedMultiplyAdd(Weights.Start[(long)input * _stride + output], x[output / _size * _size + input], sum);
            }

            y[output] = sum;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();

    private void MultiplyVectors(float* x, float* y)
    {
        var first = Vector512<int>.Indices & Vector512.Create(-_size); // of each lane's block; the size is a power of two
        for (var i = 0; i < _width; i += VectorMath.Width)
        {
            var (inputs, sum) = (Vector512.Load(x + i), Vector512<float>.Zero);
            var weight = Weights.Start + i;
            for (var input = 0; input < _size; input++, weight += _stride)
            {
                sum = Vector512.FusedMultiplyAdd(Vector512.Load(weight), Vector512.Shuffle(inputs, first + Vector512.Create(input)), sum);
            }

            sum.Store(y + i);
        }
    }
}
