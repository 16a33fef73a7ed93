using Distil.Core.Models;
using Distil.Inference.Layers;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Matrices;
using Distil.Inference.Models;

namespace Distil.Inference.CudaEngines;

/// <summary>A layer of a linearised student, as <see cref="MixedLayer"/> or <see cref="AttentionLayer"/> computes it.</summary>
internal sealed class DeviceMixerLayer : DeviceLayer
{
    /// <summary>Most values of a head that the kernels compute.</summary>
    internal const int MaxHeadSize = 256;

    private const int Columns = 32; // of C in a block of threads
    private const int PartPositions = 32; // of a window, in a part
    private const int ParallelParts = 32; // of attention over all positions

    private readonly HeadLayout _heads;
    private readonly DeviceMatrix _projection, _output, _up, _down;
    private readonly DeviceNorm _norm, _feedForwardNorm;
    private readonly long _outputBias, _upBias, _downBias;
    private readonly bool _keepsAttention;
    private readonly int _stride, _stabiliser, _parts;
    private readonly long _fields;

    /// <summary>Copies the weights, which the caller frees.</summary>
    /// <param name="shape">The student's shape.</param>
    /// <param name="layer">The layer.</param>
    /// <param name="index">Its index.</param>
    /// <param name="offset">Where its state begins in a sequence's, in floats.</param>
    /// <param name="to">Where the weights are copied.</param>
    internal DeviceMixerLayer(LinearisedShape shape, TransformerLayer layer, int index, long offset, DeviceWeights to)
    {
        var (weights, mixed) = (layer.Weights, layer as MixedLayer);
        var config = shape.Transformer;
        (_heads, _keepsAttention) = (HeadLayout.Of(config), mixed is null);
        long Vector(Numerics.FloatBuffer? values) => values is null ? 0 : to.Floats(values);
        (_norm, _feedForwardNorm) = (DeviceNetwork.Norm((RootNorm)weights.InputNorm, to), DeviceNetwork.Norm((RootNorm)weights.FeedForwardNorm, to));
        _projection = to.Half([weights.Query, weights.Key, weights.Value, .. mixed?.Mixer.OutputGate is { } gate ? [gate] : Array.Empty<Matrix>()]);
        (_output, _up, _down) = (to.Half(weights.Output), to.Half(weights.Gate, weights.Up), to.Half(weights.Down));
        (_outputBias, _upBias, _downBias) = (Vector(weights.OutputBias), Vector(weights.GateAndUpBias), Vector(weights.DownBias));

        var features = mixed is null ? 0 : shape.FeatureSize;
        _stride = Padded(_heads.Size, Columns);
        var normaliser = Padded(_heads.Heads * features * _stride);
        _stabiliser = normaliser + Padded(_heads.Heads * features);
        var ring = mixed is null ? 0 : _stabiliser + Padded(_heads.Heads);
        var slots = mixed is null ? 0 : SlotsOf(shape);
        StateLength = ring + (slots == 0 ? 0 : Padded(2 * _heads.KeyValueHeads * _heads.Size * (slots + shape.Sinks)));
        _parts = mixed is null ? ParallelParts : slots == 0 ? 0 : PartsOf(shape);

        var mixer = mixed?.Mixer;
        long bias = Vector(weights.ProjectedBias), queryNorm = Vector(weights.QueryNorm?.Scale), keyNorm = Vector(weights.KeyNorm?.Scale);
        long queryFeatures = mixer is null ? 0 : to.Floats([mixer.QueryFeatures]), keyFeatures = mixer is null ? 0 : to.Floats([mixer.KeyFeatures]);
        long gates = mixer is null ? 0 : to.Floats([mixer.Gates]), gateBias = Vector(mixer?.GateBias), outputGateBias = Vector(mixer?.OutputBias);
        long mix = Vector(mixer?.Mix), mixBias = Vector(mixer?.MixBias);
        var epsilon = BitConverter.DoubleToInt64Bits(config.NormEpsilon);
        var record = shape.KeepAttention.Count(layer => layer < index) * RecordLength(_heads);
        _fields = to.Fields(
            bias, queryNorm, keyNorm, queryFeatures, keyFeatures, _norm.Scale, gates, gateBias, outputGateBias, mix, mixBias,
            offset, offset + normaliser, offset + _stabiliser, offset + ring, _heads.Heads, _heads.KeyValueHeads, _heads.Size,
            features, Padded(_heads.Size, Matrix.Block), _stride, Padded(config.HiddenSize, Matrix.Block), config.HiddenSize,
            shape.Window, slots, shape.Sinks, record, CacheRecord(shape), index == 0 ? 1 : 0, epsilon);
        WeightBytes = weights.Bytes + (mixer?.Bytes ?? 0);
    }

    /// <inheritdoc/>
    internal override int StateLength { get; }

    /// <inheritdoc/>
    internal override long WeightBytes { get; }

    /// <summary>Most parts into which a layer divides the positions that a query attends to.</summary>
    internal static int MostParts(LinearisedShape shape) => Math.Max(shape.KeepAttention.Count > 0 ? ParallelParts : 0, shape.Window > 0 ? PartsOf(shape) : 0);

    /// <summary>Floats that a position adds to a sequence's cache; 0 if no layer keeps attention.</summary>
    internal static int CacheRecord(LinearisedShape shape) => shape.KeepAttention.Count * RecordLength(HeadLayout.Of(shape.Transformer));

    /// <summary>Floats of a sequence's state in all layers.</summary>
    internal static Int128 StateLengthOf(LinearisedShape shape)
    {
        var heads = HeadLayout.Of(shape.Transformer);
        var values = (Int128)heads.Heads * shape.FeatureSize * (Padded(heads.Size, Columns) + 1) + heads.Heads
            + (shape.Window == 0 ? 0 : (Int128)2 * heads.KeyValueHeads * heads.Size * ((long)shape.Window + StepQueue.MaxRows + shape.Sinks));
        return shape.ReplacedLayers * (values + 4 * Padded(1));
    }

    /// <inheritdoc/>
    internal override void Start(Span<float> state)
    {
        if (!_keepsAttention)
        {
            state.Slice(_stabiliser, _heads.Heads).Fill(MixedLayer.StartStabiliser);
        }
    }

    /// <inheritdoc/>
    internal override void Enqueue(StepQueue queue, long offset)
    {
        var (memory, layer) = (queue.Memory, _fields);
        queue.Product(_projection, memory.Stream, memory.Stride, memory.Up, memory.UpStride, norm: _norm);
        queue.Launch(
            "mixer_project", new(2 * _heads.Heads, 512, queue.Rows),
            layer, queue.States, queue.Caches, queue.Steps, memory.Positions, memory.Angles, memory.Stream, memory.Stride, memory.Up, memory.UpStride,
            memory.Joined, memory.Convolved, memory.Gates, memory.Shares);
        if (_parts > 0)
        {
            var values = (_heads.Size + 31) / 32;
            queue.Launch(
                $"attend_{(values <= 2 ? values : values <= 4 ? 4 : 8)}", new(_heads.Heads, 128, _parts, queue.Rows),
                layer, queue.States, queue.Caches, queue.Steps, memory.Positions, memory.Joined, memory.Attended);
        }

        if (_keepsAttention)
        {
            queue.Launch("attend_output", new(_heads.Heads, 128, queue.Rows), layer, memory.Attended, _parts, memory.Mixed, memory.MixedStride);
        }
        else
        {
            queue.Launch(
                "mixer_memory", new(_heads.Heads * (_stride / Columns), 256, queue.Sequences),
                layer, queue.States, queue.Steps, memory.Gates, memory.Convolved, memory.Joined, memory.Read);
            queue.Launch(
                "mixer_output", new(_heads.Heads, 128, queue.Sequences),
                layer, queue.States, queue.Steps, memory.Gates, memory.Convolved, memory.Read, memory.Up, memory.UpStride, memory.Attended, _parts,
                memory.Shares, memory.Mixed, memory.MixedStride);
        }

        queue.Product(_output, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true, bias: _outputBias);
        queue.GatedProduct(_up, memory.Stream, memory.Stride, memory.Mixed, memory.MixedStride, Swish, _feedForwardNorm, _upBias);
        queue.Product(_down, memory.Mixed, memory.MixedStride, memory.Stream, memory.Stride, add: true, bias: _downBias);
    }

    private static int Swish { get; } = XlstmConfig.ActivationNames.ToList().IndexOf("swish");

    private static int PartsOf(LinearisedShape shape) => Math.Clamp((shape.Window + shape.Sinks + PartPositions - 1) / PartPositions, 1, ParallelParts);

    // Rows of one pass are stored before any of them attends.
    private static int SlotsOf(LinearisedShape shape) => shape.Window == 0 ? 0 : shape.Window + StepQueue.MaxRows - 1;

    private static int RecordLength(HeadLayout heads) => 2 * heads.KeyValueHeads * heads.Size;
}
