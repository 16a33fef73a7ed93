using Distil.Inference.Sampling;

namespace Distil.Inference.Scheduling;

/// <summary>A new token of a text.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Probabilities">Natural logarithms of its probability and those of the most likely tokens, at temperature 1; null if none were requested.</param>
public readonly record struct TextToken(int Token, TokenLogProbabilities? Probabilities);
