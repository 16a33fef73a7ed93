using Distil.Trainer.Models;
using Distil.Trainer.Ranks;

namespace Distil.Trainer.Training.Optimizers;

/// <summary>AdamW's constants (Loshchilov and Hutter, arXiv 1711.05101); defaults are PyTorch's.</summary>
public sealed record AdamWOptions
{
    /// <value>Decoupled weight decay, applied to every parameter. Per step and unit of learning rate, ≥ 0. Default 0.01.</value>
    public double WeightDecay { get; init; } = 0.01;

    /// <value>Decay of the mean of gradients, 0–1. Default 0.9.</value>
    public double Beta1 { get; init; } = 0.9;

    /// <value>Decay of the mean of squared gradients, 0–1. Default 0.999.</value>
    public double Beta2 { get; init; } = 0.999;

    /// <value>Added to the denominator, &gt; 0. Default 1e-8.</value>
    public double Epsilon { get; init; } = 1e-8;

    /// <value>Number of trained elements from which processes that train together divide weights and moments among them, ≥ 0. Default: never.</value>
    public long ShardFrom { get; init; } = long.MaxValue;

    /// <value>Parameters whose learning rate is a multiple of the others'; null if all have the same.</value>
    public RateFactor? Factor { get; init; }

    /// <summary>These options for processes that divide their state from some size on.</summary>
    /// <param name="ranks">The processes and that size; null for one process.</param>
    internal AdamWOptions ShardedBy((IRankGroup Group, long From)? ranks) => ranks is { } several ? this with { ShardFrom = several.From } : this;
}

/// <summary>Parameters with a learning rate of their own.</summary>
/// <param name="Parameters">The parameters.</param>
/// <param name="Value">Their learning rate divided by that of the others, &gt; 0.</param>
public sealed record RateFactor(IReadOnlyList<NamedParameter> Parameters, double Value);
