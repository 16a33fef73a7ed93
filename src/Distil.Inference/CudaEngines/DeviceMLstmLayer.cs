using Distil.Inference.Layers;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>x += mLSTM(norm(x)), as <see cref="MLstmLayer"/> computes it.</summary>
internal sealed class DeviceMLstmLayer : DeviceLayer
{
    private const int Columns = 32; // of C in a block of threads
    private const int Channels = 128; // of a block of threads, about
    private const int Threads = 256;

    private readonly XlstmConfig _config;
    private readonly DeviceMatrix _up, _down;
    private readonly long _norm, _convolution, _query, _key, _value, _gates, _gateBias, _headNorm, _skip;
    private readonly int _inner, _size, _stride, _memory, _normaliser, _stabiliser;

    /// <summary>Copies the weights, which the caller frees.</summary>
    internal DeviceMLstmLayer(XlstmConfig config, MLstmLayerWeights weights, DeviceWeights to)
    {
        (_config, _inner, _size) = (config, config.MlstmInnerWidth, config.MlstmInnerWidth / config.MlstmHeads);
        _stride = Padded(_size, Columns);
        _memory = Padded(weights.Convolution.StateLength);
        _normaliser = _memory + Padded(config.MlstmHeads * _size * _stride);
        _stabiliser = _normaliser + Padded(_inner);
        (_up, _down) = (to.Half(weights.Up), to.Half(weights.Down));
        (_norm, _convolution) = (to.Floats(weights.Norm), to.Floats(weights.Convolution.Weights));
        (_headNorm, _skip) = (to.Floats(weights.HeadNorm), to.Floats(weights.Skip));
        (_query, _key, _value) = (to.Floats(weights.Query.Weights), to.Floats(weights.Key.Weights), to.Floats(weights.Value.Weights));
        (_gates, _gateBias) = (to.Floats(weights.Gates), to.Floats(weights.InputBias, weights.ForgetBias));
    }

    /// <summary>Blocks of threads between which the channels are divided.</summary>
    internal static int Spans(XlstmConfig config) => (config.MlstmInnerWidth + Span(config) - 1) / Span(config);

    /// <inheritdoc/>
    internal override int StateLength => _stabiliser + Padded(_config.MlstmHeads);

    /// <inheritdoc/>
    internal override long WeightBytes => _up.Bytes + _down.Bytes;

    /// <inheritdoc/>
    internal override void Enqueue(StepQueue queue, long offset)
    {
        var (memory, sequences, heads, span, spans) = (queue.Memory, queue.Sequences, _config.MlstmHeads, Span(_config), Spans(_config));
        queue.Norm(_norm, _config.Width);
        queue.Product(_up, memory.Normed, memory.Stride, memory.Up, memory.UpStride);
        queue.Launch(
            "mlstm_project", new(spans, Threads, sequences, SharedBytes: 5 * span * sizeof(float)),
            queue.States, queue.Steps, offset, memory.Up, memory.UpStride, _convolution, _query, _key, _value, _gates, memory.Convolved, memory.Joined, memory.Gates,
            _inner, heads, _config.QkvBlockSize, span, _config.MlstmConvKernel);
        queue.Launch(
            "mlstm_memory", new(heads * (_stride / Columns), Threads, sequences),
            queue.States, queue.Steps, offset + _memory, offset + _stabiliser, memory.Gates, spans, _gateBias, memory.Joined, memory.Read, _inner, heads, _stride);
        queue.Launch(
            "mlstm_output", new(heads, Threads, sequences, SharedBytes: _size * sizeof(float)),
            queue.States, queue.Steps, offset + _normaliser, offset + _stabiliser, memory.Gates, spans, _gateBias, memory.Joined, memory.Read,
            memory.Convolved, memory.Up, memory.UpStride, _headNorm, _skip, memory.Mixed, memory.MixedStride, _inner, heads);
        queue.Product(_down, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true);
    }

    /// <summary>Channels of a block of threads: whole blocks of the q, k and v matrices.</summary>
    private static int Span(XlstmConfig config) => config.QkvBlockSize * Math.Max(1, Channels / config.QkvBlockSize);
}
