namespace Distil.Core.Specification;

/// <summary>How the finished student is written.</summary>
public sealed record ExportSpec
{
    /// <value>Element type of the student's weights in its folder: fp32 or bf16. bf16 takes half the space; every value is rounded to 8 significant bits.
    /// Default fp32.</value>
    public Precision Dtype { get; init; } = Precision.Fp32;
}
