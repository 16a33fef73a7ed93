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

    /// <value>Number of tokens drawn from the others, 0–512: with their weights they make KL to stored outputs, and its gradient, unbiased. Default 0: the others
    /// count only as one bucket, which makes it too small.</value>
    [Range(0.0, 512.0), AddedLater]
    public int TailDraws { get; init; }

    /// <value>The highest temperature for which the other tokens' sum is stored, &gt; 0. Default: the schedule's. A higher one lets several students with
    /// schedules of their own share one set of outputs.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double? HighestTemperature { get; init; }

    /// <value>Whether the mean of the teacher's layers is stored although this student is not aligned with it, so that another can share the outputs.
    /// Default: false, only if it is needed.</value>
    [AddedLater]
    public bool HiddenStates { get; init; }

    /// <value>How the mean of the teacher's layers is stored, if it is. Default fp16; int4 needs 0.53 bytes a number instead of 2.</value>
    [AddedLater]
    public HiddenForm HiddenForm { get; init; }
}
