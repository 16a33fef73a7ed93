namespace Distil.Core.Specification;

/// <summary>L = (1 − α − β)·CE + α·T²·KL + β·alignment (Distil-xLSTM, arXiv 2503.18565), with another divergence in the place of KL if one is set.</summary>
public sealed record DistillationSpec
{
    /// <value>Weight of KL. Default 0.8 → 0.5, the paper's.</value>
    public ScheduleSpec Alpha { get; init; } = new() { From = 0.8, To = 0.5 };

    /// <value>Temperature of KL. Default 2 → 1, the paper's.</value>
    public ScheduleSpec Temperature { get; init; } = new() { From = 2.0, To = 1.0 };

    /// <value>What stands for KL. Default forward KL, the paper's.</value>
    [AddedLater]
    public DivergenceSpec Divergence { get; init; } = new();

    /// <value>Alignment of the hidden states. Default Frobenius with weight 0.1, the paper's.</value>
    public AlignmentSpec Alignment { get; init; } = new();
}
