using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>x += sLSTM(norm(x)), then x += FFN(norm(x)), as <see cref="SLstmLayer"/> computes it.</summary>
internal sealed class DeviceSLstmLayer : DeviceLayer
{
    private const int Threads = 128;

    private readonly XlstmConfig _config;
    private readonly DeviceMatrix _feedForwardUp, _feedForwardDown;
    private readonly long _norm, _convolution, _gates, _recurrent, _bias, _headNorm, _feedForwardNorm;
    private readonly int _size, _hidden, _section, _convolutionStride, _activation;

    /// <summary>Copies the weights, which the caller frees.</summary>
    internal DeviceSLstmLayer(XlstmConfig config, SLstmLayerWeights weights, DeviceWeights to)
    {
        (_config, _size) = (config, config.Width / config.SlstmHeads);
        (_hidden, _section) = (Padded(weights.Convolution.StateLength), Padded(config.Width));
        _convolutionStride = (int)(weights.Convolution.Weights.Length / (config.SlstmConvKernel + 1));
        _activation = XlstmConfig.ActivationNames.ToList().IndexOf(config.FeedForwardActivation);
        (_gates, _recurrent) = (to.Floats(weights.Gates), to.Floats(weights.Recurrent));
        (_feedForwardUp, _feedForwardDown) = (to.Half(weights.FeedForwardUp), to.Half(weights.FeedForwardDown));
        (_norm, _convolution, _feedForwardNorm) = (to.Floats(weights.Norm), to.Floats(weights.Convolution.Weights), to.Floats(weights.FeedForwardNorm));
        (_bias, _headNorm) = (to.Floats(weights.RecurrentBias), to.Floats(weights.HeadNorm));
    }

    /// <inheritdoc/>
    internal override int StateLength => _hidden + 4 * _section; // h, c, n and m

    /// <inheritdoc/>
    internal override long WeightBytes => _feedForwardUp.Bytes + _feedForwardDown.Bytes + 2L * 4 * _config.Width * _size * sizeof(float);

    /// <inheritdoc/>
    internal override void Start(Span<float> state) => state.Slice(_hidden + 3 * _section, _config.Width).Fill(float.NegativeInfinity);

    /// <inheritdoc/>
    internal override void Enqueue(StepQueue queue, long offset)
    {
        var (memory, sequences, width, heads) = (queue.Memory, queue.Sequences, _config.Width, _config.SlstmHeads);
        queue.Launch(
            "slstm_project", new((width + Threads - 1) / Threads, Threads, sequences, SharedBytes: width * sizeof(float)),
            queue.States, queue.Steps, offset, memory.Stream, memory.Stride, _norm, _convolution, _convolutionStride, memory.Normed, memory.Stride,
            memory.Convolved, width, _config.SlstmConvKernel);
        var (tile, outputs) = sequences <= 2 || _size % 4 != 0 ? (1, 8) : (8, 32);
        for (var step = 0; step < queue.Steps; step++)
        {
            queue.Launch(
                $"slstm_gates_{tile}", new((4 * width + outputs - 1) / outputs, 2 * Threads, (sequences + tile - 1) / tile),
                queue.States, queue.Steps, step, offset + _hidden, memory.Normed, memory.Stride, memory.Convolved, _gates, _recurrent,
                Matrix.BlocksOf(_size) * Matrix.Block, _bias, memory.Joined, width, heads, sequences);
            queue.Launch(
                "slstm_cell", new(heads, Threads, sequences, SharedBytes: _size * sizeof(float)),
                queue.States, queue.Steps, step, offset + _hidden, _section, memory.Joined, _headNorm, memory.Stream, memory.Stride, width, heads);
        }

        queue.Norm(_feedForwardNorm, width);
        queue.GatedProduct(_feedForwardUp, memory.Normed, memory.Stride, memory.Mixed, memory.MixedStride, _activation);
        queue.Product(_feedForwardDown, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true);
    }
}
