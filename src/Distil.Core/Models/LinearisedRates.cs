using Distil.Core.Specification;

namespace Distil.Core.Models;

/// <summary>Peak learning rates of the stage that trains all of a linearised student.</summary>
/// <param name="Inherited">Of the teacher's weights.</param>
/// <param name="New">Of the weights that the teacher did not have.</param>
public sealed record LinearisedRates(double Inherited, double New)
{
    private const long SmallTeacher = 10_000_000;

    /// <summary>The highest rate that we have measured to be good.</summary>
    private const double Highest = 3e-3;

    /// <summary>Fills in what a specification leaves open, from the teacher's size.</summary>
    /// <param name="spec">The stage.</param>
    /// <param name="teacherParameters">Number of the teacher's weights.</param>
    public static LinearisedRates Of(DistillationStageSpec spec, long teacherParameters)
    {
        var inherited = spec.InheritedRate
            ?? (teacherParameters < SmallTeacher ? Highest : Math.Min(1e-3, 1e-4 * Math.Pow(1.5e9 / teacherParameters, 0.58)));
        return new(inherited, spec.NewRate ?? Math.Max(inherited, Math.Min(10 * inherited, Highest)));
    }
}
