using Distil.Inference.Layers;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>x += mLSTM(norm(x)), as <see cref="MLstmLayer"/> computes it.</summary>
internal sealed class DeviceMLstmLayer : DeviceLayer
{
    private const int Columns = 32; // of C in a block of threads
    private const int Threads = 128;

    private readonly XlstmConfig _config;
    private readonly DeviceMatrix _up, _down;
    private readonly long _norm, _convolution, _query, _key, _value, _gates, _gateBias, _headNorm, _skip;
    private readonly int _inner, _size, _stride, _memory, _normaliser, _stabiliser;

    /// <summary>Copies the weights, which the caller frees.</summary>
    internal DeviceMLstmLayer(XlstmConfig config, MLstmLayerWeights weights, DeviceWeights to)
    {
        (_config, _inner, _size) = (config, config.MlstmInnerWidth, config.MlstmInnerWidth / config.MlstmHeads);
        _stride = (_size + Columns - 1) / Columns * Columns;
        _memory = Padded(weights.Convolution.StateLength);
        _normaliser = _memory + Padded(config.MlstmHeads * _size * _stride);
        _stabiliser = _normaliser + Padded(_inner);
        (_up, _down) = (to.Half(weights.Up), to.Half(weights.Down));
        (_norm, _convolution, _headNorm, _skip) = (to.Floats(weights.Norm), to.Floats(weights.Convolution.Weights), to.Floats(weights.HeadNorm), to.Floats(weights.Skip));
        (_query, _key, _value) = (to.Floats(weights.Query.Weights), to.Floats(weights.Key.Weights), to.Floats(weights.Value.Weights));
        (_gates, _gateBias) = (to.Floats(weights.Gates), to.Floats(weights.InputBias, weights.ForgetBias));
    }

    /// <inheritdoc/>
    internal override int StateLength => _stabiliser + Padded(_config.MlstmHeads);

    /// <inheritdoc/>
    internal override long WeightBytes => _up.Bytes + _down.Bytes;

    /// <inheritdoc/>
    internal override void Enqueue(StepQueue queue, long offset)
    {
        var (memory, rows, heads, block) = (queue.Memory, queue.Rows, _config.MlstmHeads, _config.QkvBlockSize);
        queue.Norm(_norm, _config.Width);
        queue.Product(_up, memory.Normed, memory.Stride, memory.Up, memory.UpStride);
        var span = block * Math.Max(1, Threads / block);
        queue.Launch(
            "mlstm_project", new((_inner + span - 1) / span, Threads, rows, SharedBytes: 2 * span * sizeof(float)),
            queue.States, offset, memory.Up, memory.UpStride, _convolution, _query, _key, _value, memory.Convolved, memory.Joined, _inner, block, span,
            _config.MlstmConvKernel);
        queue.Launch("mlstm_gates", new(2 * heads, 2 * Threads, (rows + 3) / 4), _gates, _gateBias, memory.Joined, memory.Gates, 3 * _inner, rows);
        queue.Launch(
            "mlstm_memory", new(heads * (_stride / Columns), 2 * Threads, rows),
            queue.States, offset + _memory, offset + _stabiliser, memory.Gates, memory.Joined, memory.Read, _inner, heads, _stride);
        queue.Launch(
            "mlstm_output", new(heads, Threads, rows, SharedBytes: _size * sizeof(float)),
            queue.States, offset + _normaliser, offset + _stabiliser, memory.Gates, memory.Joined, memory.Read, memory.Convolved, memory.Up, memory.UpStride,
            _headNorm, _skip, memory.Mixed, memory.MixedStride, _inner, heads);
        queue.Product(_down, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true);
    }
}
