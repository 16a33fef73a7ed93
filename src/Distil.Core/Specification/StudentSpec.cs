using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The student's shape. Width, vocabulary, embedding and head are the teacher's.</summary>
public sealed record StudentSpec
{
    /// <value>Number of blocks, ≥ 1. Default 6, the paper's.</value>
    [Range(1.0, 10_000.0)]
    public int Blocks { get; init; } = 6;

    /// <value>Indices of the sLSTM blocks; the others are mLSTM. Default: every second block from 0 (the paper's 0, 2, 4).</value>
    [Range(0.0, double.PositiveInfinity)]
    public IReadOnlyList<int>? SlstmAt { get; init; }

    /// <value>Number of heads; must divide the width. Default: the teacher's, rounded up to a multiple of 4.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int? Heads { get; init; }

    /// <value>Width of the causal convolution, ≥ 1. Default 4.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int ConvKernel { get; init; } = 4;

    /// <value>Block size of the mLSTM's headwise q, k, v, ≥ 1. Default 32, as in the authors' published configuration.</value>
    [Range(1.0, double.PositiveInfinity)]
    public int QkvBlockSize { get; init; } = 32;

    /// <value>The mLSTM's inner width divided by the model width, &gt; 0. Default 2.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double ProjFactor { get; init; } = 2.0;

    /// <value>Width of the sLSTM block's feed-forward network divided by the model width, &gt; 0. Default 1.7, the authors' code's.</value>
    [Range(0.0, double.PositiveInfinity, MinimumIsExclusive = true)]
    public double FfnProjFactor { get; init; } = 1.7;
}
