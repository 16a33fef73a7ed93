using Distil.Inference.Layers;
using Distil.Inference.Matrices;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>x += sLSTM(norm(x)), then x += FFN(norm(x)), as <see cref="SLstmLayer"/> computes it.</summary>
internal sealed class DeviceSLstmLayer : DeviceLayer
{
    private const int Threads = 128;
    private const int Outputs = 8; // of a block of threads, and rows of it

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
        (_feedForwardUp, _feedForwardDown) = (to.Half(weights.FeedForwardUp), to.Half(weights.FeedForwardDown));
        (_norm, _convolution, _feedForwardNorm) = (to.Floats(weights.Norm), to.Floats(weights.Convolution.Weights), to.Floats(weights.FeedForwardNorm));
        (_gates, _recurrent) = (to.Floats(weights.Gates), to.Floats(weights.Recurrent));
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
        var (memory, rows, width, heads) = (queue.Memory, queue.Rows, _config.Width, _config.SlstmHeads);
        queue.Norm(_norm, width);
        queue.Launch(
            "slstm_convolve", new((width + Threads - 1) / Threads, Threads, rows),
            queue.States, offset, memory.Normed, memory.Stride, _convolution, _convolutionStride, memory.Convolved, width, _config.SlstmConvKernel);
        queue.Launch(
            "slstm_gates", new((4 * width + Outputs - 1) / Outputs, 32 * Outputs, (rows + Outputs - 1) / Outputs),
            queue.States, offset + _hidden, memory.Normed, memory.Stride, memory.Convolved, _gates, _recurrent, Matrix.BlocksOf(_size) * Matrix.Block, _bias,
            memory.Joined, width, heads, rows);
        queue.Launch(
            "slstm_cell", new(heads, Threads, rows, SharedBytes: _size * sizeof(float)),
            queue.States, offset + _hidden, _section, memory.Joined, _headNorm, memory.Stream, memory.Stride, width, heads);

        var inner = _config.FeedForwardWidth;
        queue.Norm(_feedForwardNorm, width);
        queue.Product(_feedForwardUp, memory.Normed, memory.Stride, memory.Up, memory.UpStride);
        queue.Launch("activate", new((inner + Threads - 1) / Threads, Threads, rows), memory.Up, memory.UpStride, memory.Mixed, memory.MixedStride, inner, _activation);
        queue.Product(_feedForwardDown, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true);
    }
}
