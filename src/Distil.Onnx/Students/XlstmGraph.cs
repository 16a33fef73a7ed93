using Distil.Inference.Models;
using Distil.Inference.Weights;
using Distil.Onnx.Graphs;
using Distil.Onnx.Weights;
using Distil.Onnx.Writing;

namespace Distil.Onnx.Students;

/// <summary>The graph of the paper's student: sLSTM and mLSTM blocks between an embedding and a head (Distil-xLSTM, arXiv 2503.18565).</summary>
internal static class XlstmGraph
{
    /// <summary>Builds it, and writes its weights.</summary>
    /// <param name="folder">The student's weights.</param>
    /// <param name="config">Its shape.</param>
    /// <param name="text">The new graph.</param>
    /// <param name="stored">Receives the weights.</param>
    internal static Graph Build(MappedWeights folder, XlstmConfig config, TextGraph text, StoredWeights stored)
    {
        var weights = new XlstmWeights(folder, config, stored);
        var x = weights.Embed(text.Ids);
        for (var block = 0; block < config.Blocks; block++)
        {
            x = config.IsSlstm(block) ? SLstmBlock.Add(text, weights, config, block, x) : MLstmBlock.Add(text, weights, config, block, x);
        }

        var graph = text.End(Norms.Layer(x, weights.Norm(XlstmTensorNames.FinalNorm, config.Width)), config.Width, config.VocabularySize, weights.Head);
        weights.RequireAllRead();
        return graph;
    }
}
