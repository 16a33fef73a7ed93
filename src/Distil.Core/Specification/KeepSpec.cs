using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The nucleus of the teacher's distribution that is stored for each position.</summary>
public sealed record KeepSpec
{
    /// <value>Probability mass that the kept tokens reach. Above 0, at most 1; default 0.99.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double TopP { get; init; } = 0.99;

    /// <value>Maximum number of tokens kept for one position, ≥ 1. Default 128.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int MaxTokens { get; init; } = 128;
}
