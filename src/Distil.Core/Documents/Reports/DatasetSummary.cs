using Distil.Core.Artifacts;

namespace Distil.Core.Documents.Reports;

/// <summary>The dataset of a run.</summary>
public sealed record DatasetSummary
{
    /// <value>Content address.</value>
    public required string DatasetId { get; init; }

    /// <value>Number of documents trained on or held out.</value>
    public required long Documents { get; init; }

    /// <value>Documents by what was done with them.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>Number of shards.</value>
    public required int Shards { get; init; }

    /// <value>Tokens per row.</value>
    public required int ContextLength { get; init; }

    /// <value>Number of rows trained on.</value>
    public required long TrainRows { get; init; }

    /// <value>Tokens in them, without padding.</value>
    public required long TrainTokens { get; init; }

    /// <value>Those of them that count in the losses; null if the rows have no masks.</value>
    public long? TrainLabels { get; init; }

    /// <value>Number of rows held out.</value>
    public required long EvalRows { get; init; }

    /// <value>Tokens in them, without padding.</value>
    public required long EvalTokens { get; init; }

    /// <value>Those of them that count in the losses; null if the rows have no masks.</value>
    public long? EvalLabels { get; init; }
}
