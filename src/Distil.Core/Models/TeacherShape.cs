namespace Distil.Core.Models;

/// <summary>What a plan must know of a teacher.</summary>
public sealed record TeacherShape
{
    /// <value>The architecture: qwen2, qwen3 or llama.</value>
    public required string ModelType { get; init; }

    /// <value>Layers.</value>
    public required int Layers { get; init; }

    /// <value>D, the model width.</value>
    public required int HiddenSize { get; init; }

    /// <value>Attention heads.</value>
    public required int Heads { get; init; }

    /// <value>V, the rows of the embedding.</value>
    public required int VocabularySize { get; init; }

    /// <value>Longest sequence it was made for.</value>
    public required int MaxPositions { get; init; }

    /// <value>Where this is from: the config.json, or the table of known teachers.</value>
    public required string From { get; init; }
}
