using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The students that a run merges instead of training one: its student's weights are the weighted mean of theirs (arXiv 2603.15590; model soups,
/// arXiv 2203.05482).</summary>
public sealed record MergeSpec
{
    /// <value>Two or more runs that have succeeded, whose students have one kind, one shape, one teacher and one start.</value>
    [MinLength(1)]
    public required IReadOnlyList<ExpertSpec> Experts { get; init; }
}

/// <summary>A student to merge.</summary>
public sealed record ExpertSpec
{
    /// <value>The id of its run.</value>
    [RegularExpression(RunId.Pattern, ErrorMessage = "the id of a run")]
    public required string Run { get; init; }

    /// <value>Its share of the mean, above 0 and at most 1; the shares add up to 1. Default: an equal share, if no expert has a weight.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true)]
    public double? Weight { get; init; }
}
