using Distil.Core.Specification;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>A divergence in words.</summary>
internal static class DivergenceName
{
    /// <summary>Its name with its parameter, for example "Jensen–Shannon, β 0.5".</summary>
    internal static string Of(DivergenceSpec divergence) => divergence.Kind switch
    {
        DivergenceKind.ForwardKl => "KL(teacher ‖ student)",
        DivergenceKind.ReverseKl => "KL(student ‖ teacher)",
        DivergenceKind.JensenShannon => $"Jensen–Shannon, β {Figures.Setting(divergence.EffectiveBeta)}",
        DivergenceKind.SkewKl => $"skew KL, α {Figures.Setting(divergence.EffectiveSkew)}",
        DivergenceKind.SkewReverseKl => $"skew reverse KL, α {Figures.Setting(divergence.EffectiveSkew)}",
        DivergenceKind.TotalVariation => "total variation",
        _ => throw new ArgumentOutOfRangeException(nameof(divergence), divergence.Kind, "has no name"),
    };
}
