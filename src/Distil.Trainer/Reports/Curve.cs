namespace Distil.Trainer.Reports;

/// <summary>One quantity over the steps of a training.</summary>
/// <param name="Kind">Which quantity.</param>
/// <param name="StepsPerPoint">Steps that a point stands for; 1 shows every step as it was.</param>
/// <param name="Points">In the order of steps.</param>
public sealed record Curve(CurveKind Kind, int StepsPerPoint, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>Makes a curve of at most <paramref name="maxPoints"/> points: equal runs of steps become their mean, least and most.</summary>
    /// <param name="kind">Which quantity.</param>
    /// <param name="steps">Step (from 1 over the whole training, rising) and value; values that are not finite are left out.</param>
    /// <param name="maxPoints">≥ 2.</param>
    public static Curve Thin(CurveKind kind, IReadOnlyList<(long Step, double Value)> steps, int maxPoints = 240)
    {
        var finite = steps.Where(step => double.IsFinite(step.Value)).ToArray();
        var size = Math.Max(1, (int)Math.Ceiling(finite.Length / (double)maxPoints));
        return new Curve(kind, size, [.. finite.Chunk(size).Select(Point)]);
    }

    private static CurvePoint Point((long Step, double Value)[] run) => new(
        run.Average(step => step.Step), run.Average(step => step.Value), run.Min(step => step.Value), run.Max(step => step.Value));
}

/// <summary>A run of steps.</summary>
/// <param name="Step">The middle step.</param>
/// <param name="Mean">Mean value.</param>
/// <param name="Least">Smallest value.</param>
/// <param name="Most">Largest value.</param>
public readonly record struct CurvePoint(double Step, double Mean, double Least, double Most);
