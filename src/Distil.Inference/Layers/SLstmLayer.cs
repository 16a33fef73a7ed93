using System.Runtime.Intrinsics;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Numerics;
using Distil.Inference.Parallelism;

namespace Distil.Inference.Layers;

/// <summary>x += sLSTM(norm(x)) (xLSTM, arXiv 2405.04517, eq. 8–17), then x += FFN(norm(x)).</summary>
internal sealed unsafe class SLstmLayer : Layer, IWork
{
    private readonly XlstmConfig _config;
    private readonly SLstmLayerWeights _weights;
    private readonly int _width;
    private readonly int _size;    // DH
    private readonly int _hidden;  // offset in the state: h, c, n and m after the convolution's inputs
    private readonly int _section; // length of each
    private Pass _pass = null!;
    private int _offset;

    /// <summary>Takes over the weights.</summary>
    internal SLstmLayer(XlstmConfig config, SLstmLayerWeights weights)
    {
        (_config, _weights, _width, _size) = (config, weights, config.Width, config.Width / config.SlstmHeads);
        _hidden = VectorMath.Padded(weights.Convolution.StateLength);
        // A product reads h to the end of a block, and must find no infinity there.
        _section = VectorMath.Padded(_width) + Matrix.Block;
    }

    /// <value>Its weights.</value>
    internal SLstmLayerWeights Weights => _weights;

    /// <inheritdoc/>
    internal override int StateLength => _hidden + 4 * _section;

    /// <inheritdoc/>
    internal override long WeightBytes =>
        _weights.Gates.Sum(gate => gate.Bytes) + _weights.Recurrent.Bytes + _weights.FeedForwardUp.Bytes + _weights.FeedForwardDown.Bytes;

    /// <inheritdoc/>
    internal override void Start(float* state) => new Span<float>(state + _hidden + 3 * _section, _width).Fill(float.NegativeInfinity);

    /// <inheritdoc/>
    internal override void Forward(Pass pass, int offset)
    {
        (_pass, _offset) = (pass, offset);
        for (var sequence = 0; sequence < pass.Sequences; sequence++)
        {
            var tail = pass.State(sequence) + offset;
            for (var row = pass.FirstRow(sequence); row < pass.EndRow(sequence); row++)
            {
                Norms.Layer(pass.Stream[row], _weights.Norm.Start, pass.Normed[row], _width);
                _weights.Convolution.Step(pass.Normed[row], tail, pass.Convolved[row]);
            }
        }

        pass.Team.Run(this, _config.SlstmHeads, (_weights.Recurrent.Bytes + 4 * _weights.Gates[0].Bytes) * pass.Count);
        Elementwise.Add(pass.Stream, pass.Mixed, pass.Count, _width);
        FeedForward(pass);
    }

    /// <summary>One head of every row.</summary>
    void IWork.Do(int part)
    {
        int first = part * _size, end = first + _size;
        for (var gate = 0; gate < SLstmLayerWeights.GateCount; gate++)
        {
            // The gates i and f read the convolution, z and o the norm.
            var source = gate < 2 ? _pass.Convolved : _pass.Normed;
            _weights.Gates[gate].Multiply(source.From(first), _pass.Up.From(gate * _width), _pass.Count, first, end);
        }

        for (var sequence = 0; sequence < _pass.Sequences; sequence++)
        {
            var state = _pass.State(sequence) + _offset + _hidden + first;
            for (var row = _pass.FirstRow(sequence); row < _pass.EndRow(sequence); row++)
            {
                var recurrent = _pass.Joined[row];
                _weights.Recurrent.Multiply(new(state, 0), new(recurrent, 0), 1, 4 * first, 4 * end);
                Step(_pass.Up[row] + first, recurrent + 4 * first, _weights.RecurrentBias.Start + 4 * first, state);
                Norms.Layer(state, _weights.HeadNorm.Start + first, _pass.Mixed[row] + first, _size);
            }
        }
    }

    /// <inheritdoc/>
    public override void Dispose() => _weights.Dispose();

    private void Step(float* gates, float* recurrent, float* bias, float* state)
    {
        float* hidden = state, cell = state + _section, normaliser = cell + _section, stabiliser = normaliser + _section;
        for (var i = 0; i < _size; i += VectorMath.Width)
        {
            var left = _size - i;
            var input = Gate(0, i, left);
            var carried = VectorMath.LogSigmoid(Gate(1, i, left), out _) + Lanes.Load(stabiliser + i, left);
            var max = Vector512.MaxNative(carried, input);
            var (keep, write) = (VectorMath.Exp(carried - max), VectorMath.Exp(input - max));
            var c = Vector512.FusedMultiplyAdd(keep, Lanes.Load(cell + i, left), write * VectorMath.Tanh(Gate(2, i, left)));
            var n = Vector512.FusedMultiplyAdd(keep, Lanes.Load(normaliser + i, left), write);
            Lanes.Store(VectorMath.Sigmoid(Gate(3, i, left)) * c / n, hidden + i, left);
            Lanes.Store(c, cell + i, left);
            Lanes.Store(n, normaliser + i, left);
            Lanes.Store(max, stabiliser + i, left);
        }

        Vector512<float> Gate(int gate, int i, int left) =>
            Lanes.Load(gates + gate * _width + i, left) + Lanes.Load(recurrent + gate * _size + i, left) + Lanes.Load(bias + gate * _size + i, left);
    }

    private void FeedForward(Pass pass)
    {
        for (var row = 0; row < pass.Count; row++)
        {
            Norms.Layer(pass.Stream[row], _weights.FeedForwardNorm.Start, pass.Normed[row], _width);
        }

        var inner = _config.FeedForwardWidth;
        pass.Product.Multiply(_weights.FeedForwardUp, pass.Normed, pass.Up, pass.Count);
        for (var row = 0; row < pass.Count; row++)
        {
            _weights.Activation.Gate(pass.Up[row], pass.Up[row] + inner, pass.Mixed[row], inner);
        }

        pass.Product.Multiply(_weights.FeedForwardDown, pass.Mixed, pass.Normed, pass.Count);
        Elementwise.Add(pass.Stream, pass.Normed, pass.Count, _width);
    }
}
