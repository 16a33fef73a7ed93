using Distil.Core.Models.Folders;
using Distil.Inference.Layers;
using Distil.Inference.Layers.Linearised;
using Distil.Inference.Matrices;
using Distil.Inference.Weights;

namespace Distil.Inference.Engines;

/// <summary>A student of either kind as the engine runs it.</summary>
internal sealed record StudentNetwork : IDisposable
{
    /// <value>D.</value>
    internal required int Width { get; init; }

    /// <value>V.</value>
    internal required int VocabularySize { get; init; }

    /// <value>(V, D), read row by row.</value>
    internal required MappedTensor Embedding { get; init; }

    /// <value>The layers, in order.</value>
    internal required IReadOnlyList<Layer> Layers { get; init; }

    /// <value>The norm after the last layer.</value>
    internal required Norm FinalNorm { get; init; }

    /// <value>(V, D).</value>
    internal required Matrix Head { get; init; }

    /// <value>Sizes of a pass.</value>
    internal required PassShape Shape { get; init; }

    /// <value>What was read of the folder.</value>
    internal required ModelReading Reading { get; init; }

    /// <value>The rotary embedding; null if the layers have none.</value>
    internal Rotary? Rotary { get; init; }

    /// <value>Floats that a position adds to a sequence's cache; 0 if no layer keeps attention.</value>
    internal int CacheRecord { get; init; }

    /// <value>Maximum number of tokens of a sequence; null if any number can be read.</value>
    internal int? MaxPositions { get; init; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var layer in Layers)
        {
            layer.Dispose();
        }

        FinalNorm.Dispose();
        Head.Dispose();
    }
}
