using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Safetensors;
using Distil.Inference.Layers;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Matrices;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using static Distil.Inference.Engines.EngineWeights;

namespace Distil.Inference.Engines;

/// <summary>Reads a linearised student's weights from its folder into the form that the engine uses: the names and shapes that training reads, any floating
/// type.</summary>
internal sealed unsafe class LinearisedReader(MappedWeights weights, LinearisedShape shape, WeightFormat format)
{
    private readonly TransformerConfig _config = shape.Transformer;
    private readonly HashSet<string> _read = [];

    /// <summary>The whole student.</summary>
    /// <exception cref="InvalidInputException">A tensor is missing, does not fit, has a value that is not finite, or is left over; or a state would be too
    /// large.</exception>
    internal StudentNetwork Read()
    {
        StudentTensors.RequireLayers(weights.Folder, _config.Layers);
        var embedding = Find(TransformerTensors.EmbeddingOf(_config));
        var head = Dense(_config.TiedHead ? embedding : Find(TransformerTensors.HeadOf(_config)), _config.VocabularySize, _config.HiddenSize, format);
        var (norm, layers) = (new RootNorm(Vector(Find(TransformerTensors.FinalNormOf(_config))), _config.NormEpsilon), new List<Layer>());
        var (record, kept) = (AttentionLayer.RecordLength(_config), 0);
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            layers.Add(shape.Keeps(layer)
                ? new AttentionLayer(_config, Inherited(new(this, TransformerTensors.OfLayer(_config, layer), layer)), record * kept++)
                : Mixed(layer));
        }

        RequireState(weights.Folder, shape);
        return new()
        {
            Width = _config.HiddenSize, VocabularySize = _config.VocabularySize, Embedding = embedding, Layers = layers, FinalNorm = norm, Head = head,
            Shape = PassShape.Of(shape), Rotary = new(_config), CacheRecord = record * kept, MaxPositions = kept > 0 ? _config.MaxPositions : null,
            Reading = StudentTensors.Check(weights.Folder, _read, MixerTensors.Inside),
        };
    }

    /// <summary>Refuses a state that cannot be addressed, once the tensors have been found: only the window's size is not the size of a tensor.</summary>
    /// <exception cref="InvalidInputException">It is too large.</exception>
    internal static void RequireState(WeightFolder folder, LinearisedShape shape)
    {
        var floats = (Int128)MixedLayer.StateLengthOf(shape) * shape.ReplacedLayers;
        if (floats > int.MaxValue)
        {
            throw new InvalidInputException(
                $"{Path.Combine(folder.Stored.Folder, TransformerConfigFile.Name)}: window is {shape.Window} and sinks {shape.Sinks}: "
                + $"the state of a text would take {floats * sizeof(float)} bytes; expected at most {(long)int.MaxValue * sizeof(float)}");
        }
    }

    private MixedLayer Mixed(int layer)
    {
        var tensors = new LayerTensors(this, TransformerTensors.OfLayer(_config, layer).Concat(MixerTensors.OfLayer(shape, layer)), layer);
        var inherited = Inherited(tensors);
        MappedTensor Of(string name) => tensors.Find($"self_attn.{name}");
        int heads = _config.Heads, size = _config.HeadSize, width = _config.HiddenSize;
        var mixer = new MixerLayerWeights(
            Transposed(Of(MixerTensors.QueryFeatures), heads, size, size), Transposed(Of(MixerTensors.KeyFeatures), heads, size, size),
            Stacked(Of(MixerTensors.InputGate), Of(MixerTensors.ForgetGate), heads, width), Vector(Of(MixerTensors.InputBias), Of(MixerTensors.ForgetBias)),
            shape.OutputGate ? Dense(Of(MixerTensors.OutputGate), heads * size, width, format) : null,
            shape.OutputGate ? Vector(Of(MixerTensors.OutputBias)) : null,
            shape.Window > 0 ? Vector(Of(MixerTensors.Mix)) : null, shape.Window > 0 ? Vector(Of(MixerTensors.MixBias)) : null);
        return new(shape, inherited, mixer);
    }

    private TransformerLayerWeights Inherited(LayerTensors tensors)
    {
        int width = _config.HiddenSize, inner = _config.IntermediateSize;
        int queries = _config.Heads * _config.HeadSize, shared = _config.KeyValueHeads * _config.HeadSize;
        Matrix Matrix(string name, int rows, int columns) => Dense(tensors.Find($"{name}.weight"), rows, columns, format);
        MappedTensor Bias(string name) => tensors.Find($"{name}.bias");
        Norm Norm(string name) => new RootNorm(Vector(tensors.Find($"{name}.weight")), _config.NormEpsilon);
        const string Attention = "self_attn.", FeedForward = "mlp.";
        return new(
            Norm("input_layernorm"),
            Matrix(Attention + "q_proj", queries, width), Matrix(Attention + "k_proj", shared, width), Matrix(Attention + "v_proj", shared, width),
            _config.QueryKeyValueBias ? Vector(Bias(Attention + "q_proj"), Bias(Attention + "k_proj"), Bias(Attention + "v_proj")) : null,
            _config.QueryKeyNorm ? Norm(Attention + "q_norm") : null, _config.QueryKeyNorm ? Norm(Attention + "k_norm") : null,
            Matrix(Attention + "o_proj", width, queries), _config.OutputBias ? Vector(Bias(Attention + "o_proj")) : null,
            Norm("post_attention_layernorm"),
            Matrix(FeedForward + "gate_proj", inner, width), Matrix(FeedForward + "up_proj", inner, width),
            _config.FeedForwardBias ? Vector(Bias(FeedForward + "gate_proj"), Bias(FeedForward + "up_proj")) : null,
            Matrix(FeedForward + "down_proj", width, inner), _config.FeedForwardBias ? Vector(Bias(FeedForward + "down_proj")) : null);
    }

    private MappedTensor Find(ModelTensor tensor)
    {
        _read.Add(tensor.Name);
        return weights.Find(
            tensor.Name, tensor.Shape, $"{TransformerConfigFile.Name} ({string.Join(", ", tensor.Dimensions.Select(dimension => dimension.Field))})");
    }

    /// <summary>The tensors of one layer by their names without its prefix.</summary>
    private sealed class LayerTensors(LinearisedReader reader, IEnumerable<ModelTensor> tensors, int layer)
    {
        private readonly Dictionary<string, ModelTensor> _byName = tensors.ToDictionary(tensor => tensor.Name);

        internal MappedTensor Find(string name) => reader.Find(_byName[$"model.layers.{layer}.{name}"]);
    }
}
