using Distil.Core.Errors;
using Distil.Core.Models;
using Distil.Core.Specification;
using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Weights;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>A student of either kind, whose weights are mapped into memory.</summary>
internal sealed class OpenedStudent : IDisposable
{
    private readonly Func<MappedWeights, TextGraph, StoredWeights, Graph> _build;

    private OpenedStudent(MappedWeights weights, int contextLength, int vocabulary, Func<MappedWeights, TextGraph, StoredWeights, Graph> build) =>
        (Weights, ContextLength, VocabularySize, _build) = (weights, contextLength, vocabulary, build);

    /// <value>Its weights.</value>
    internal MappedWeights Weights { get; }

    /// <value>Tokens of the rows that it was trained on.</value>
    internal int ContextLength { get; }

    /// <value>Number of tokens that it knows.</value>
    internal int VocabularySize { get; }

    /// <summary>Opens a student's folder.</summary>
    /// <exception cref="InvalidInputException">The folder is not a student's, or a file or field of it is missing or does not fit.</exception>
    internal static OpenedStudent Open(string folder)
    {
        int contextLength, vocabulary;
        Func<MappedWeights, TextGraph, StoredWeights, Graph> build;
        if (LinearisedConfigFile.Describes(folder))
        {
            var shape = LinearisedConfigFile.Read(folder);
            (contextLength, vocabulary) = (shape.ContextLength, shape.Transformer.VocabularySize);
            build = (weights, text, stored) => LinearisedGraph.Build(weights, shape, text, stored);
        }
        else
        {
            var config = XlstmConfigFile.Read(folder);
            (contextLength, vocabulary) = (config.ContextLength, config.VocabularySize);
            build = (weights, text, stored) => XlstmGraph.Build(weights, config, text, stored);
        }

        return new(MappedWeights.Open(folder), contextLength, vocabulary, build);
    }

    /// <summary>Builds its graph, and writes its weights.</summary>
    /// <param name="data">Receives the weights.</param>
    /// <param name="form">How large matrices are stored.</param>
    /// <param name="isPacked">As in <see cref="TextGraph"/>.</param>
    /// <returns>The graph, and the names of the weights that are not float32, with their form.</returns>
    /// <exception cref="InvalidInputException">A tensor is missing, does not fit, is not finite or is left over.</exception>
    internal (Graph Graph, IReadOnlyDictionary<string, WeightForm> Rounded) Build(IWeightData data, WeightForm form, bool isPacked = false)
    {
        var text = new TextGraph(isPacked);
        var stored = new StoredWeights(text.Builder, data, form);
        return (_build(Weights, text, stored), stored.Rounded);
    }

    /// <inheritdoc/>
    public void Dispose() => Weights.Dispose();
}
