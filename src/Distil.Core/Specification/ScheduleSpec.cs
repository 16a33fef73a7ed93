using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>A value that falls logarithmically inside an epoch and stepwise between epochs.</summary>
public sealed record ScheduleSpec
{
    /// <value>Value at the first step of the first epoch; ≥ <see cref="To"/>.</value>
    [Range(0.0, double.PositiveInfinity)]
    public required double From { get; init; }

    /// <value>Value that the schedule approaches and never passes; ≥ 0.</value>
    [Range(0.0, double.PositiveInfinity)]
    public required double To { get; init; }

    /// <value>How much each epoch lowers the starting value. Default 0.05, the paper's.</value>
    [Range(0.0, double.PositiveInfinity)]
    public double Delta { get; init; } = 0.05;

    /// <value>Whether Delta is an amount (the paper's, default) or a share (the authors' code's).</value>
    public EpochDecay Decay { get; init; } = EpochDecay.Constant;
}

/// <summary>How the end of an epoch lowers a schedule's starting value.</summary>
public enum EpochDecay
{
    /// <summary>v₀ ← max(v₀ − Δ, to): the paper's rule.</summary>
    Constant,

    /// <summary>v₀ ← max(v₀ − Δ·v₀, to): the authors' code's rule.</summary>
    Relative,
}
