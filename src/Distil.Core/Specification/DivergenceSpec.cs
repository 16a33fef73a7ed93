using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace Distil.Core.Specification;

/// <summary>How the student's distribution is compared with the teacher's: the term that stands for KL in the loss.</summary>
public sealed record DivergenceSpec
{
    /// <value>The divergence. Default forwardKl, the paper's.</value>
    public DivergenceKind Kind { get; init; } = DivergenceKind.ForwardKl;

    /// <value>β of jensenShannon, the teacher's weight in the mixture. Between 0 and 1, exclusive; default 0.5, the symmetric divergence. Only with this kind.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? Beta { get; init; }

    /// <value>α of skewKl and skewReverseKl, the weight in the mixture of the distribution on the left of the KL. Between 0 and 1, exclusive; default 0.1,
    /// DistiLLM's. Only with these kinds.</value>
    [Range(0.0, 1.0, MinimumIsExclusive = true, MaximumIsExclusive = true)]
    public double? Skew { get; init; }

    /// <value>β in effect: the set one or the default.</value>
    [JsonIgnore]
    public double EffectiveBeta => Beta ?? 0.5;

    /// <value>α in effect: the set one or the default.</value>
    [JsonIgnore]
    public double EffectiveSkew => Skew ?? 0.1;
}

/// <summary>A divergence between the teacher's distribution q and the student's s.</summary>
public enum DivergenceKind
{
    /// <summary>KL(q ‖ s): the student covers whatever the teacher finds probable.</summary>
    ForwardKl,

    /// <summary>KL(s ‖ q): the student avoids what the teacher finds improbable.</summary>
    ReverseKl,

    /// <summary>The generalised Jensen–Shannon divergence of GKD (arXiv 2306.13649): β·KL(q ‖ m) + (1 − β)·KL(s ‖ m) with m = β·q + (1 − β)·s.</summary>
    JensenShannon,

    /// <summary>DistiLLM's skew KL (arXiv 2402.03898): KL(q ‖ α·q + (1 − α)·s).</summary>
    SkewKl,

    /// <summary>DistiLLM's skew reverse KL: KL(s ‖ α·s + (1 − α)·q).</summary>
    SkewReverseKl,

    /// <summary>½·Σ|q − s|.</summary>
    TotalVariation,
}
