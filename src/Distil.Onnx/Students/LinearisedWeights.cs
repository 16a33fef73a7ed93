using Distil.Core.Models;
using Distil.Core.Models.Folders;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Weights;

namespace Distil.Onnx.Students;

/// <summary>The weights of a linearised student, from its folder into a graph, under the names and in the shapes that the folder has.</summary>
internal sealed class LinearisedWeights
{
    private readonly Dictionary<string, ModelTensor> _tensors;
    private readonly MappedWeights _folder;
    private readonly StoredWeights _weights;

    internal LinearisedWeights(MappedWeights folder, LinearisedShape shape, StoredWeights weights)
    {
        (_folder, _weights) = (folder, weights);
        StudentTensors.RequireLayers(folder.Folder, shape.Transformer.Layers);
        _tensors = TransformerTensors.Of(shape.Transformer).Concat(MixerTensors.Of(shape)).ToDictionary(tensor => tensor.Name);
        StudentTensors.Check(folder.Folder, _tensors.Keys, MixerTensors.Inside);
    }

    /// <summary>Whether the student has a weight.</summary>
    internal bool Has(string name) => _tensors.ContainsKey(name);

    /// <summary>Rows of the embedding, (N, D).</summary>
    internal Value Embed(Value ids)
    {
        var (tensor, shape) = Find(TransformerTensors.Embedding);
        return _weights.Rows(TransformerTensors.Embedding, tensor, shape[0], shape[1], ids);
    }

    /// <summary>x Wᵀ, plus the bias if the student has one.</summary>
    /// <param name="name">The weights' name without <c>.weight</c>.</param>
    /// <param name="x">(N, columns).</param>
    internal Value Linear(string name, Value x)
    {
        var (tensor, shape) = Find($"{name}.weight");
        return _weights.Multiply($"{name}.weight", tensor, shape[0], shape[1], x, Has($"{name}.bias") ? Floats($"{name}.bias") : null);
    }

    /// <summary>A weight in float32, in its own shape or another.</summary>
    internal Value Floats(string name, params long[] shape)
    {
        var (tensor, own) = Find(name);
        return _weights.Floats(name, tensor, shape.Length == 0 ? own : shape);
    }

    private (MappedTensor Tensor, long[] Shape) Find(string name)
    {
        var tensor = _tensors[name];
        return (_folder.Find(
            name, tensor.Shape, $"{TransformerConfigFile.Name} ({string.Join(", ", tensor.Dimensions.Select(dimension => dimension.Field))})"), tensor.Shape);
    }
}
