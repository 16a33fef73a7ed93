using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Trainer.Evaluation.Recall;

/// <summary>The lengths at which recall is measured.</summary>
internal static class RecallLengths
{
    private const int ShortestByDefault = 16;

    /// <summary>The specification's lengths, by default powers of two from 16 on.</summary>
    /// <param name="spec">Names them, or none.</param>
    /// <param name="contextLength">The longest by default.</param>
    /// <param name="tokens">The tokens to draw from.</param>
    /// <exception cref="InvalidInputException">A length needs more distinct tokens than exist.</exception>
    internal static IReadOnlyList<int> Of(RecallSpec spec, int contextLength, RecallTokens tokens)
    {
        if (spec.Lengths is null)
        {
            return [.. Enumerable.Range(0, 31).Select(power => ShortestByDefault << power)
                .TakeWhile(length => length > 0 && length <= contextLength && RecallSequence.DistinctTokens(length) <= tokens.Vocabulary.Count)];
        }

        return spec.Lengths.FirstOrDefault(length => RecallSequence.DistinctTokens(length) > tokens.Vocabulary.Count) is var much and > 0
            ? throw new InvalidInputException($"evaluation.recall.lengths: {much} needs {RecallSequence.DistinctTokens(much)} distinct tokens; "
                + $"the held-out text has {tokens.Vocabulary.Count}")
            : spec.Lengths;
    }
}
