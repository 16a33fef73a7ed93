using Distil.Inference.Sampling;

namespace Distil.Inference.Answers;

/// <summary>What is to be answered, and how.</summary>
public sealed record AnswerRequest
{
    /// <value>The prompt's tokens, at least one.</value>
    public required IReadOnlyList<int> Prompt { get; init; }

    /// <value>How tokens are chosen.</value>
    public required SamplingOptions Sampling { get; init; }

    /// <value>Maximum number of new tokens, ≥ 1; fewer if the model cannot read so many.</value>
    public required int MaxTokens { get; init; }

    /// <value>Texts before which the answer ends, none of them empty.</value>
    public IReadOnlyList<string> Stops { get; init; } = [];

    /// <value>How many of the most likely tokens are returned with each token, 0 to 512; null for no probabilities.</value>
    public int? TopLogProbabilities { get; init; }
}
