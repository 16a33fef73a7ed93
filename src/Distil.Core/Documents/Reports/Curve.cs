namespace Distil.Core.Documents.Reports;

/// <summary>One quantity over the steps of a training.</summary>
/// <param name="Kind">Which quantity.</param>
/// <param name="StepsPerPoint">Steps per point; 1 if every step has its own point.</param>
/// <param name="Points">In the order of steps.</param>
public sealed record Curve(CurveKind Kind, int StepsPerPoint, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>Makes a curve of at most <paramref name="maxPoints"/> points: groups of successive steps become their mean, smallest and largest
    /// value.</summary>
    /// <param name="kind">Which quantity.</param>
    /// <param name="steps">Step (from 1 since the start of training, rising) and value; values that are not finite are dropped.</param>
    /// <param name="maxPoints">Points of the curve, ≥ 2.</param>
    public static Curve Thin(CurveKind kind, IReadOnlyList<(long Step, double Value)> steps, int maxPoints = 240)
    {
        var finite = steps.Where(step => double.IsFinite(step.Value)).ToArray();
        var size = Math.Max(1, (int)Math.Ceiling(finite.Length / (double)maxPoints));
        return new Curve(kind, size, [.. finite.Chunk(size).Select(Point)]);
    }

    private static CurvePoint Point((long Step, double Value)[] run) => new(
        run.Average(step => step.Step), run.Average(step => step.Value), run.Min(step => step.Value), run.Max(step => step.Value));
}

/// <summary>A group of successive steps.</summary>
/// <param name="Step">Mean step.</param>
/// <param name="Mean">Mean value.</param>
/// <param name="Least">Smallest value.</param>
/// <param name="Most">Largest value.</param>
public readonly record struct CurvePoint(double Step, double Mean, double Least, double Most);
