using Distil.Inference.Sampling;

namespace Distil.Inference.Scheduling;

/// <summary>A text to be continued.</summary>
public sealed record TextRequest
{
    /// <value>The prompt's tokens: at least one, each inside the vocabulary.</value>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <value>How tokens are chosen.</value>
    public required SamplingOptions Sampling { get; init; }

    /// <value>Maximum number of new tokens, ≥ 1.</value>
    public required int MaxTokens { get; init; }

    /// <value>Tokens that end the text and are not returned.</value>
    public IReadOnlySet<int> EndTokens { get; init; } = new HashSet<int>();

    /// <value>How many of the most likely tokens are returned with each token, 0 to 512; null for no probabilities.</value>
    public int? TopLogProbabilities { get; init; }
}
