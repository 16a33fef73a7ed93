using Distil.Core.Artifacts;

namespace Distil.Trainer.Datasets;

/// <summary>The result of one prepare job.</summary>
internal sealed record PreparedShard
{
    /// <value>How many documents were used, and how many were not.</value>
    public required DocumentCounts Documents { get; init; }

    /// <value>Tokens to train on, end-of-text tokens included.</value>
    public required long Tokens { get; init; }

    /// <value>Tokens held out, end-of-text tokens included.</value>
    public required long EvalTokens { get; init; }

    /// <value>Those of the tokens to train on that count in the losses; null without masks.</value>
    public long? Labels { get; init; }

    /// <value>Those of the tokens held out that count; null without masks.</value>
    public long? EvalLabels { get; init; }

    /// <value>Rows to train on.</value>
    public required long Rows { get; init; }

    /// <value>Rows held out.</value>
    public required long EvalRows { get; init; }
}
