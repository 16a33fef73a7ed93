using Distil.Core.Models.Folders;

namespace Distil.Core.Documents.Reports;

/// <summary>The teacher of a run.</summary>
public sealed record TeacherSummary
{
    /// <value>Its folder or address.</value>
    public required string Path { get; init; }

    /// <value>config.json's model_type.</value>
    public required string Architecture { get; init; }

    /// <value>Number of layers.</value>
    public required int Layers { get; init; }

    /// <value>D, the model width.</value>
    public required int HiddenSize { get; init; }

    /// <value>Number of attention heads.</value>
    public required int Heads { get; init; }

    /// <value>V, the size of the vocabulary that teacher and student share.</value>
    public required int VocabularySize { get; init; }

    /// <value>Longest context, in tokens; null if its config states none.</value>
    public int? MaxContext { get; init; }

    /// <value>Number of weights; shared ones count once.</value>
    public required long Parameters { get; init; }

    /// <value>What was read of its folder; null in reports of earlier versions.</value>
    public ModelReading? Reading { get; init; }
}

/// <summary>The student of a run.</summary>
public sealed record StudentSummary
{
    /// <value>The kind of each block, in order: <c>sLSTM</c> or <c>mLSTM</c>.</value>
    public required IReadOnlyList<string> Blocks { get; init; }

    /// <value>Number of heads.</value>
    public required int Heads { get; init; }

    /// <value>Number of trained weights: blocks and final norm.</value>
    public required long TrainableParameters { get; init; }

    /// <value>Number of weights copied from the teacher and not trained: embedding and head.</value>
    public required long FrozenParameters { get; init; }

    /// <value>Number of a linearised student's weights that were the teacher's; null for another student.</value>
    public long? InheritedParameters { get; init; }

    /// <value>Number of a linearised student's weights that the teacher does not have; null for another student.</value>
    public long? NewParameters { get; init; }
}

/// <summary>A student that was merged with others.</summary>
/// <param name="RunId">Its run.</param>
/// <param name="Share">λ, its share of the mean.</param>
/// <param name="DatasetId">The dataset that it was trained on; null if its report cannot be read.</param>
/// <param name="TrainTokens">Tokens of that dataset; null if its report cannot be read.</param>
/// <param name="Perplexity">Its perplexity on the held-out text of its own run; null if its report cannot be read.</param>
/// <param name="TeacherPerplexity">The teacher's on the same text.</param>
public sealed record ExpertSummary(
    string RunId, double Share, string? DatasetId = null, long? TrainTokens = null, double? Perplexity = null, double? TeacherPerplexity = null);
