using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Core.Specification;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Weights;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>The graph of a linearised student: its teacher's layers with an mLSTM over softmax features in the place of attention, alone or mixed with
/// attention over a window.</summary>
internal sealed class LinearisedGraph
{
    private readonly TextGraph _text;
    private readonly LinearisedShape _shape;
    private readonly LinearisedWeights _weights;
    private readonly Positions _positions;
    private readonly Heads _heads;

    private LinearisedGraph(MappedWeights folder, LinearisedShape shape, TextGraph text, StoredWeights stored)
    {
        var config = shape.Transformer;
        (_text, _shape) = (text, shape);
        _weights = new(folder, shape, stored);
        _positions = new(_text, config);
        _heads = new(_text, config.Heads, config.KeyValueHeads, config.HeadSize);
    }

    /// <inheritdoc cref="XlstmGraph.Build"/>
    internal static Graph Build(MappedWeights folder, LinearisedShape shape, TextGraph text, StoredWeights stored) =>
        new LinearisedGraph(folder, shape, text, stored).Build();

    private Graph Build()
    {
        var config = _shape.Transformer;
        var x = _weights.Embed(_text.Ids);
        for (var layer = 0; layer < config.Layers; layer++)
        {
            var prefix = $"model.layers.{layer}.";
            x += Mix(layer, prefix, Norm($"{prefix}input_layernorm", x));
            var normed = Norm($"{prefix}post_attention_layernorm", x);
            var inner = _weights.Linear($"{prefix}mlp.gate_proj", normed).Silu() * _weights.Linear($"{prefix}mlp.up_proj", normed);
            x += _weights.Linear($"{prefix}mlp.down_proj", inner);
        }

        var head = config.TiedHead ? TransformerTensors.Embedding : TransformerTensors.Head;
        return _text.End(
            Norms.Root(x, _weights.Floats(TransformerTensors.FinalNorm), config.NormEpsilon), config.HiddenSize, config.VocabularySize,
            hidden => _weights.Linear(head[..^".weight".Length], hidden));
    }

    /// <summary>The layer's attention, or what replaces it. x: the layer's normed input, (N, D).</summary>
    private Value Mix(int layer, string prefix, Value x)
    {
        var own = $"{prefix}self_attn.";
        Value Project(string name, long heads, string norm)
        {
            var split = _heads.Split(_weights.Linear(own + name, x), heads);
            return _weights.Has($"{own}{norm}.weight") ? Norm(own + norm, split) : split;
        }

        var (q, k) = (Project("q_proj", _heads.Queries, "q_norm"), Project("k_proj", _heads.KeyValues, "k_norm"));
        var v = _heads.Split(_weights.Linear($"{own}v_proj", x), _heads.KeyValues);
        var (rotatedQ, rotatedK) = (_positions.Rotate(q), _positions.Rotate(k));
        var attention = new Attention(_text, layer, _heads, _positions);
        if (_shape.Keeps(layer))
        {
            return _weights.Linear($"{own}o_proj", _heads.Join(attention.All(rotatedQ, rotatedK, v)));
        }

        var mixed = Remember(layer, x, rotatedQ, _heads.Repeat(rotatedK), _heads.Repeat(v));
        if (_shape.Window > 0)
        {
            var share = Share(layer, q, _heads.Repeat(k), _heads.Repeat(v));
            mixed = share * mixed + (1 - share) * attention.Recent(rotatedQ, rotatedK, v, _shape.Window, _shape.Sinks);
        }

        return _weights.Linear($"{own}o_proj", _heads.Join(mixed));
    }

    /// <summary>The memory's part, (B, NH, T, DH).</summary>
    private Value Remember(int layer, Value x, Value q, Value k, Value v)
    {
        string Of(string name) => MixerTensors.FullName(layer, name);
        Value Features(Value rotated, string name)
        {
            var u = rotated.MatMul(_weights.Floats(Of(name)));
            return _shape.FeatureMap == FeatureMap.Both ? Value.Concat(3, u.Softmax(), (-u).Softmax()) : u.Softmax();
        }

        Value Gate(string weight, string bias) => _text.Split(
            _text.Builder.Add("Gemm", [x, _weights.Floats(Of(weight)), _weights.Floats(Of(bias))], ("transB", 1L)), _heads.Queries).Transpose(0, 2, 1);
        var read = MatrixMemory.Add(
            _text, layer, _heads.Queries, _shape.FeatureSize, _heads.Size,
            new(Features(q, MixerTensors.QueryFeatures), Features(k, MixerTensors.KeyFeatures), v,
                Gate(MixerTensors.InputGate, MixerTensors.InputBias), Gate(MixerTensors.ForgetGate, MixerTensors.ForgetBias)),
            _positions.IsStart);
        return _shape.OutputGate
            ? read * _heads.Split(_weights.Linear(Of(MixerTensors.OutputGate)[..^".weight".Length], x), _heads.Queries).Sigmoid()
            : read;
    }

    /// <summary>The memory's share, (B, NH, T, 1), from query, key and value before the rotation.</summary>
    private Value Share(int layer, Value q, Value k, Value v)
    {
        var weight = _weights.Floats(MixerTensors.FullName(layer, MixerTensors.Mix), _heads.Queries, 1, 3 * _heads.Size);
        return ((Value.Concat(3, q, k, v) * weight).Sum(-1)
            + _weights.Floats(MixerTensors.FullName(layer, MixerTensors.MixBias), _heads.Queries, 1, 1)).Sigmoid();
    }

    private Value Norm(string name, Value x) => Norms.Root(x, _weights.Floats($"{name}.weight"), _shape.Transformer.NormEpsilon);
}
