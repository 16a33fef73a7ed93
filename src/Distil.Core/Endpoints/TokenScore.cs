namespace Distil.Core.Endpoints;

/// <summary>A token with its natural log-probability at temperature 1 over the whole vocabulary.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProbability">≤ 0, finite.</param>
public readonly record struct TokenScore(int Id, float LogProbability);
