namespace Distil.Inference.Sampling;

/// <summary>Log-probabilities at one position, of the model's own distribution: at temperature 1, without penalties.</summary>
/// <param name="Chosen">The chosen token's.</param>
/// <param name="Top">The most likely tokens with theirs, the most likely first.</param>
public sealed record TokenLogProbabilities(double Chosen, IReadOnlyList<KeyValuePair<int, double>> Top);
