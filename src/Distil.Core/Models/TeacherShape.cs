namespace Distil.Core.Models;

/// <summary>What a plan needs to know of a teacher.</summary>
public sealed record TeacherShape
{
    /// <value>The architecture, as in config.json: <c>qwen2</c>.</value>
    public required string ModelType { get; init; }

    /// <value>Number of layers.</value>
    public required int Layers { get; init; }

    /// <value>D, the model width.</value>
    public required int HiddenSize { get; init; }

    /// <value>Number of attention heads.</value>
    public required int Heads { get; init; }

    /// <value>V, the number of rows of the embedding.</value>
    public required int VocabularySize { get; init; }

    /// <value>Longest sequence that the model supports.</value>
    public required int MaxPositions { get; init; }

    /// <value>Source of these values: the config.json, or the table of known teachers.</value>
    public required string From { get; init; }

    /// <summary>The shape of a model.</summary>
    /// <param name="config">The model's configuration.</param>
    /// <param name="from">Where the configuration comes from.</param>
    public static TeacherShape Of(TransformerConfig config, string from) => new()
    {
        ModelType = config.Traits.ModelType,
        Layers = config.Layers,
        HiddenSize = config.HiddenSize,
        Heads = config.Heads,
        VocabularySize = config.VocabularySize,
        MaxPositions = config.MaxPositions,
        From = from,
    };
}
