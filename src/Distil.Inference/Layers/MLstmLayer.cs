using Distil.Inference.Models;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Layers;

/// <summary>x += mLSTM(norm(x)): a projection up to x_m and z, the cell on the convolution of x_m, and a projection down.</summary>
internal sealed unsafe class MLstmLayer : Layer, IWork
{
    private readonly XlstmConfig _config;
    private readonly MLstmLayerWeights _weights;
    private readonly int _inner;
    private readonly int _size;   // DH
    private readonly int _stride; // of a row of C
    private readonly int _memory; // offsets in the state: C, n and m after the convolution's inputs
    private readonly int _normaliser;
    private readonly int _stabiliser;
    private Pass _pass = null!;
    private int _offset;

    /// <summary>Takes over the weights.</summary>
    internal MLstmLayer(XlstmConfig config, MLstmLayerWeights weights)
    {
        (_config, _weights, _inner, _size) = (config, weights, config.MlstmInnerWidth, config.MlstmInnerWidth / config.MlstmHeads);
        _stride = VectorMath.Padded(_size);
        _memory = VectorMath.Padded(weights.Convolution.StateLength);
        _normaliser = _memory + config.MlstmHeads * _size * _stride;
        _stabiliser = _normaliser + VectorMath.Padded(config.MlstmHeads * _size);
    }

    /// <value>Its weights.</value>
    internal MLstmLayerWeights Weights => _weights;

    /// <inheritdoc/>
    internal override int StateLength => _stabiliser + VectorMath.Padded(_config.MlstmHeads);

    /// <inheritdoc/>
    internal override long WeightBytes => _weights.Up.Bytes + _weights.Gates.Bytes + _weights.Down.Bytes;

    /// <inheritdoc/>
    internal override void Forward(Pass pass, int offset)
    {
        for (var row = 0; row < pass.Count; row++)
        {
            Norms.Layer(pass.Stream[row], _weights.Norm.Start, pass.Normed[row], _config.Width);
        }

        pass.Product.Multiply(_weights.Up, pass.Normed, pass.Up, pass.Count);
        for (var sequence = 0; sequence < pass.Sequences; sequence++)
        {
            var tail = pass.State(sequence) + offset;
            for (var row = pass.FirstRow(sequence); row < pass.EndRow(sequence); row++)
            {
                Project(pass.Up[row], tail, pass.Convolved[row], pass.Joined[row]);
            }
        }

        pass.Product.Multiply(_weights.Gates, pass.Joined, pass.Gates, pass.Count);
        (_pass, _offset) = (pass, offset);
        pass.Team.Run(this, pass.Sequences * _config.MlstmHeads, 2L * sizeof(float) * pass.Count * _config.MlstmHeads * _size * _stride);
        pass.Product.Multiply(_weights.Down, pass.Mixed, pass.Normed, pass.Count);
        Elementwise.Add(pass.Stream, pass.Normed, pass.Count, _config.Width);
    }

    /// <summary>One head of one sequence.</summary>
    void IWork.Do(int part)
    {
        var (sequence, head) = (part / _config.MlstmHeads, part % _config.MlstmHeads);
        var state = _pass.State(sequence) + _offset;
        for (var row = _pass.FirstRow(sequence); row < _pass.EndRow(sequence); row++)
        {
            Step(row, head, state);
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _weights.Dispose();

    /// <summary>c, q and k of c, and v of x_m.</summary>
    private void Project(float* up, float* tail, float* convolved, float* joined)
    {
        _weights.Convolution.Step(up, tail, convolved);
        _weights.Query.Multiply(convolved, joined);
        _weights.Key.Multiply(convolved, joined + _inner);
        _weights.Value.Multiply(up, joined + 2 * _inner);
    }

    private void Step(int row, int head, float* state)
    {
        var first = head * _size;
        float* gates = _pass.Gates[row], q = _pass.Joined[row] + first, k = q + _inner;
        float* v = stackalloc float[2 * _stride], read = v + _stride;
        new Span<float>(v, _stride).Clear();
        new ReadOnlySpan<float>(k + _inner, _size).CopyTo(new(v, _size));
        var memory = new MatrixMemory(
            state + _memory + (long)first * _stride, state + _normaliser + first, state + _stabiliser + head, _size, _stride);
        var (dot, max) = memory.Step(
            q, k, v, gates[head] + _weights.InputBias.Start[head], gates[_config.MlstmHeads + head] + _weights.ForgetBias.Start[head], MathF.Sqrt(_size), read);
        var norm = 1 / (MathF.Max(MathF.Abs(dot), MathF.Exp(-max)) + 1e-6f);
        Elementwise.Scale(read, norm, _size);
        Norms.Layer(read, _weights.HeadNorm.Start + first, read, _size);
        Elementwise.SkipAndGate(
            read, _weights.Skip.Start + first, _pass.Convolved[row] + first, _pass.Up[row] + _inner + first, _pass.Mixed[row] + first, _size);
    }
}
