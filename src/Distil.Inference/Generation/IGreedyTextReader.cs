namespace Distil.Inference.Generation;

/// <summary>A text whose model chooses the most likely tokens where it computes them: nothing is copied but the tokens.</summary>
public interface IGreedyTextReader : ITextReader
{
    /// <value>Maximum number of tokens that are chosen in one call.</value>
    int MaxCount { get; }

    /// <summary>Reads further tokens, then chooses the most likely next tokens and reads them, but for the last.</summary>
    /// <param name="tokens">At least one, each inside the vocabulary.</param>
    /// <param name="count">How many are chosen, 1 to <see cref="MaxCount"/>.</param>
    /// <param name="cancel">Checked between pieces of a long input.</param>
    /// <returns>(count); valid until the next call.</returns>
    /// <exception cref="ArithmeticException">A logit is not a number, or none is finite.</exception>
    ReadOnlySpan<int> Continue(ReadOnlySpan<int> tokens, int count, CancellationToken cancel);
}
