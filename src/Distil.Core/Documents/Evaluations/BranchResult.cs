namespace Distil.Core.Documents.Evaluations;

/// <summary>What the parts of a linearised student contribute, on the same held-out rows: a mix alone can hide a part that does nothing.</summary>
public sealed record BranchResult
{
    /// <value>The student before its first step.</value>
    public required BranchScore Start { get; init; }

    /// <value>The window of attention alone, in every replaced layer; null without a window.</value>
    public BranchScore? WindowAlone { get; init; }

    /// <value>The memory alone; null without a window, since the student then has nothing else.</value>
    public BranchScore? MemoryAlone { get; init; }

    /// <value>Mean share of the memory in the mix, 0–1, for each replaced layer in order; empty without a window.</value>
    public IReadOnlyList<double> MemoryShares { get; init; } = [];

    /// <value>Positions that attention reaches: window and sinks; 0 without a window.</value>
    public int Reach { get; init; }

    /// <value>The student at positions beyond <see cref="Reach"/>, where it depends on its memory; null if no row is longer.</value>
    public BranchScore? Beyond { get; init; }

    /// <value>The teacher's cross-entropy at the same positions as <see cref="Beyond"/>, in nats per token.</value>
    public double? TeacherBeyond { get; init; }
}

/// <summary>A student's score with some of its parts.</summary>
/// <param name="CrossEntropy">In nats per token.</param>
/// <param name="Kl">KL(teacher ‖ student) at T = 1, in nats per token.</param>
/// <param name="Top1Agreement">Share of positions where both rank the same token first, 0–1.</param>
public sealed record BranchScore(double CrossEntropy, double Kl, double Top1Agreement);
