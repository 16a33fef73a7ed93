using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Inference.Engines;
using Distil.Inference.Layers;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Weights;

namespace Distil.Inference.CudaEngines;

/// <summary>A student of either kind in a card's memory: its layers between the embedding and the head.</summary>
internal sealed unsafe class DeviceNetwork
{
    /// <summary>Floats in front of the layers' states of a student that knows positions: the sequence's position, 32-bit.</summary>
    private const int Header = 64;

    private readonly List<(DeviceLayer Layer, long Offset)> _layers = [];
    private readonly long _embedding, _frequencies, _layerNorm;
    private readonly bool _halfEmbedding;
    private readonly DeviceMatrix _head;
    private readonly DeviceNorm? _rootNorm;
    private float[]? _start;

    private DeviceNetwork(StudentNetwork network, WorkspaceShape shape, LinearisedShape? linearised, Func<Layer, long, DeviceLayer> copy, DeviceWeights to)
    {
        (Shape, Reading, MaxPositions) = (shape, network.Reading, network.MaxPositions);
        (StateLength, CacheRecord) = linearised is null ? (0, 0) : (Header, DeviceMixerLayer.CacheRecord(linearised));
        foreach (var layer in network.Layers)
        {
            var copied = copy(layer, StateLength);
            _layers.Add((copied, StateLength));
            StateLength = checked(StateLength + copied.StateLength);
        }

        _halfEmbedding = network.Embedding.Type == MappedTensor.BFloat16;
        (_embedding, _head) = (Embedding(network.Embedding, to), to.Half(network.Head));
        (_rootNorm, _layerNorm) = network.FinalNorm is RootNorm root ? (Norm(root, to), 0L) : ((DeviceNorm?)null, to.Floats(network.FinalNorm.Scale));
        if (linearised is not null)
        {
            using var frequencies = EngineWeights.Vector([.. RotaryFrequencies.Of(linearised.Transformer).Select(frequency => (float)frequency)]);
            _frequencies = to.Floats(frequencies);
        }
    }

    /// <value>What the kernels share.</value>
    internal WorkspaceShape Shape { get; }

    /// <value>What was read of the folder.</value>
    internal ModelReading Reading { get; }

    /// <value>Maximum number of tokens of a sequence; null if any number can be read.</value>
    internal int? MaxPositions { get; }

    /// <value>Floats that a position adds to a sequence's cache; 0 if no layer keeps attention.</value>
    internal int CacheRecord { get; }

    /// <value>Floats of a sequence's state, but for its cache.</value>
    internal int StateLength { get; }

    /// <value>The state before a sequence's first token.</value>
    internal ReadOnlySpan<float> StartOfState => _start ??= Start();

    /// <value>Bytes of weights that are read for a step.</value>
    internal long WeightBytes => _head.Bytes + _layers.Sum(layer => layer.Layer.WeightBytes);

    /// <summary>Why a student cannot run on any card; null if it can.</summary>
    internal static string? UnavailableReason(string folder)
    {
        if (!LinearisedConfigFile.Describes(folder))
        {
            return null;
        }

        var shape = LinearisedConfigFile.Read(folder);
        var (size, state) = (shape.Transformer.HeadSize, Header + DeviceMixerLayer.StateLengthOf(shape));
        return size > DeviceMixerLayer.MaxHeadSize ? $"head_dim is {size}; the kernels compute heads of at most {DeviceMixerLayer.MaxHeadSize} values"
            : state > int.MaxValue ? $"the state of a text would take {state * sizeof(float)} bytes; the kernels address {(long)int.MaxValue * sizeof(float)}"
            : null;
    }

    /// <summary>Reads a student's folder.</summary>
    internal static DeviceNetwork Read(string folder, DeviceWeights to)
    {
        var (mapped, read) = StudentReader.Read(folder, WeightFormat.BFloat16);
        using var weights = mapped;
        using var network = read;
        if (!LinearisedConfigFile.Describes(folder))
        {
            var config = XlstmConfigFile.Read(folder);
            return new(network, WorkspaceShape.Of(config), linearised: null, Copy, to);
            DeviceLayer Copy(Layer layer, long offset) => layer is SLstmLayer recurrent
                ? new DeviceSLstmLayer(config, recurrent.Weights, to) : new DeviceMLstmLayer(config, ((MLstmLayer)layer).Weights, to);
        }

        var (shape, copied) = (LinearisedConfigFile.Read(folder), 0);
        return new(network, WorkspaceShape.Of(shape), shape, (layer, offset) => new DeviceMixerLayer(shape, (TransformerLayer)layer, copied++, offset, to), to);
    }

    /// <summary>A root-mean-square norm, for products.</summary>
    internal static DeviceNorm Norm(RootNorm norm, DeviceWeights to) => new(to.Inputs(norm.Scale), norm.Epsilon, (int)norm.Scale.Length);

    private float[] Start()
    {
        var state = new float[StateLength];
        foreach (var (layer, offset) in _layers)
        {
            layer.Start(state.AsSpan((int)offset, layer.StateLength));
        }

        return state;
    }

    /// <summary>Queues that each row reads its token.</summary>
    internal void EnqueueRead(StepQueue queue)
    {
        var memory = queue.Memory;
        if (_frequencies == 0)
        {
            queue.Launch("embed", new(queue.Rows, 256), _embedding, _halfEmbedding ? 1 : 0, Shape.Width, memory.Tokens.Address, memory.Stream, memory.Stride);
        }
        else
        {
            queue.Launch(
                "embed_at", new(queue.Rows, 256), _embedding, _halfEmbedding ? 1 : 0, Shape.Width, memory.Tokens.Address, memory.Stream, memory.Stride,
                queue.States, queue.Steps, _frequencies, Shape.Pairs, memory.Positions, memory.Angles);
        }

        foreach (var (layer, offset) in _layers)
        {
            layer.Enqueue(queue, offset);
        }
    }

    /// <summary>Queues the logits of rows.</summary>
    /// <param name="queue">As many rows.</param>
    /// <param name="stream">Address of their residual streams.</param>
    internal void EnqueueLogits(StepQueue queue, long stream)
    {
        var memory = queue.Memory;
        if (_rootNorm is null)
        {
            queue.Norm(_layerNorm, Shape.Width, stream);
        }

        queue.Product(_head, _rootNorm is null ? memory.Normed : stream, memory.Stride, memory.Logits, Shape.VocabularySize, norm: _rootNorm);
    }

    private long Embedding(MappedTensor tensor, DeviceWeights to)
    {
        if (_halfEmbedding)
        {
            return to.Raw(tensor.Start, tensor.Count * sizeof(ushort));
        }

        fixed (float* values = tensor.ReadAll())
        {
            return to.Raw((byte*)values, tensor.Count * sizeof(float));
        }
    }
}
