namespace Distil.Core.Documents.Evaluations;

/// <summary>One model's next-token prediction.</summary>
/// <param name="CrossEntropy">Mean, in nats per token, ≥ 0.</param>
/// <param name="Perplexity">exp(cross-entropy), ≥ 1.</param>
/// <param name="Top1Accuracy">Share of tokens that the model ranked first, 0–1.</param>
public sealed record ModelScore(double CrossEntropy, double Perplexity, double Top1Accuracy)
{
    /// <value>Standard error of <see cref="CrossEntropy"/>; null if there is only one row.</value>
    public double? CrossEntropyStandardError { get; init; }

    /// <value>Standard error of <see cref="Perplexity"/>.</value>
    public double? PerplexityStandardError { get; init; }

    /// <value>Standard error of <see cref="Top1Accuracy"/>.</value>
    public double? Top1AccuracyStandardError { get; init; }

    /// <value>The score per word and byte of text; null without a tokenizer.</value>
    public TextScore? Text { get; init; }
}

/// <summary>A model's score per unit of text, as in lm-evaluation-harness: comparable between vocabularies.</summary>
/// <remarks>End-of-text tokens are not counted.</remarks>
/// <param name="WordPerplexity">exp(−ln p of the text / words).</param>
/// <param name="BytePerplexity">exp(−ln p of the text / bytes).</param>
/// <param name="BitsPerByte">−log₂ p of the text / bytes.</param>
public sealed record TextScore(Estimate WordPerplexity, Estimate BytePerplexity, Estimate BitsPerByte);
