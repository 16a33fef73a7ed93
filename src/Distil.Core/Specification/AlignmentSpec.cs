using System.ComponentModel.DataAnnotations;

namespace Distil.Core.Specification;

/// <summary>The third term of the loss.</summary>
public sealed record AlignmentSpec
{
    /// <value>How hidden states are compared. Default Frobenius.</value>
    public AlignmentKind Kind { get; init; } = AlignmentKind.Frobenius;

    /// <value>How the Frobenius norm is reduced. Default the paper's; the others need the online teacher.</value>
    public FrobeniusReduction Reduction { get; init; } = FrobeniusReduction.Paper;

    /// <value>β, 0–1. Default 0.1, the paper's.</value>
    [Range(0.0, 1.0)]
    public double Weight { get; init; } = 0.1;
}

/// <summary>How student and teacher hidden states are compared.</summary>
public enum AlignmentKind
{
    /// <summary>No comparison; β counts as 0.</summary>
    None,

    /// <summary>By a Frobenius norm.</summary>
    Frobenius,

    /// <summary>By cosine distance.</summary>
    Cosine,
}

/// <summary>The Frobenius term's reductions in the paper and the authors' code.</summary>
public enum FrobeniusReduction
{
    /// <summary>Mean over the batch of ‖·‖_F, divided by √(B·S·D).</summary>
    Paper,

    /// <summary>The authors' <c>average</c>.</summary>
    Average,

    /// <summary>The authors' <c>ratio</c>.</summary>
    Ratio,

    /// <summary>The authors' <c>block_wise</c>: compares each student block with a group of teacher layers.</summary>
    BlockWise,
}
