using Distil.Inference.Sampling;

namespace Distil.Inference.Generation;

/// <summary>A text whose model chooses tokens where it computes their logits: nothing is copied but the tokens.</summary>
public interface IChoosingTextReader : ITextReader
{
    /// <value>Maximum number of tokens that are chosen in one call.</value>
    int MaxCount { get; }

    /// <summary>Reads further tokens, then chooses next tokens and reads them, but for the last.</summary>
    /// <param name="tokens">At least one, each inside the vocabulary.</param>
    /// <param name="sampler">How they are chosen; it knows the prompt, and learns the tokens.</param>
    /// <param name="count">How many at most, 1 to <see cref="MaxCount"/>.</param>
    /// <param name="cancel">Checked between pieces of a long input.</param>
    /// <returns>At least one, at most <paramref name="count"/>; valid until the next call.</returns>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    ReadOnlySpan<int> Continue(ReadOnlySpan<int> tokens, Sampler sampler, int count, CancellationToken cancel);
}
