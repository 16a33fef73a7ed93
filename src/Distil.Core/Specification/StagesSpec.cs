using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The stages in which a linearised student is trained: first its new weights alone, layer by layer, then all of it.</summary>
public sealed record StagesSpec
{
    /// <value>The first stage.</value>
    public AlignmentStageSpec Alignment { get; init; } = new();

    /// <value>The second stage, whose loss is <see cref="RunSpec.Distillation"/>'s.</value>
    public DistillationStageSpec Distillation { get; init; } = new();
}

/// <summary>New weights learn to give what the teacher's attention gives for the same input, in every layer (LoLCATs, arXiv 2410.10254).</summary>
public sealed record AlignmentStageSpec
{
    /// <value>Share of all steps. 0 (no such stage) to 1; default 0.1.</value>
    [Range(0.0, 1.0)]
    public double Share { get; init; } = 0.1;

    /// <value>AdamW's peak learning rate, &gt; 0. Default 1e-2, LoLCATs'.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double LearningRate { get; init; } = 1e-2;

    /// <value>Weight of the memory's own error beside that of the mix with the window, ≥ 0. Default 0.5. Without a window there is only one error.</value>
    [Range(0.0, double.PositiveInfinity)]
    public double MemoryWeight { get; init; } = 0.5;
}

/// <summary>All weights learn from the teacher's distributions.</summary>
public sealed record DistillationStageSpec
{
    /// <value>AdamW's peak learning rate of inherited weights, &gt; 0. Default: 3e-3 for teachers below 10 M parameters, else 1e-4·(1.5e9 / parameters)^0.58,
    /// at most 1e-3.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double? InheritedRate { get; init; }

    /// <value>AdamW's peak learning rate of new weights, &gt; 0. Default: ten times the inherited weights', at most 3e-3.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double? NewRate { get; init; }

    /// <value>Share of the peak at which the learning rate's cosine ends, 0–1. Default 0.1 (RADLADS, arXiv 2505.03005).</value>
    [Range(0.0, 1.0)]
    public double EndRate { get; init; } = 0.1;

    /// <value>Share of the first steps in which the window is left out, so that the memory learns; it falls to 0 at the last step. 0–1, default 0.</value>
    [Range(0.0, 1.0)]
    public double WindowDropout { get; init; }
}
