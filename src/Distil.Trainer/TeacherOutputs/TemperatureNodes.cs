namespace Distil.Trainer.TeacherOutputs;

/// <summary>The inverse temperatures at which a tail's log-sum-exp is stored, and its interpolation between them.</summary>
/// <remarks>
/// log Σ exp(x·log p) is a cumulant generating function of x = 1/T and smooth, so a polynomial through Chebyshev points of its range is accurate between them
/// (error ≤ κ_M·h^M / (2^(M−1)·M!), h half the range, κ_M the M-th cumulant of the tail's log-probabilities).
/// </remarks>
public static class TemperatureNodes
{
    /// <summary>Nodes for a range of temperatures: one for a single temperature, more for a wider range.</summary>
    /// <param name="lowest">&gt; 0.</param>
    /// <param name="highest">≥ <paramref name="lowest"/>.</param>
    /// <returns>Values of 1/T, ascending; both ends are nodes.</returns>
    public static double[] Between(double lowest, double highest)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lowest);
        ArgumentOutOfRangeException.ThrowIfLessThan(highest, lowest);
        var (from, to) = (1 / highest, 1 / lowest);
        var half = (to - from) / 2;
        if (half == 0)
        {
            return [from];
        }
        var count = 3 + (int)Math.Ceiling(8 * half);
        return [.. Enumerable.Range(0, count).Select(i => from + half - half * Math.Cos(Math.PI * i / (count - 1)))];
    }

    /// <summary>The weight of each node in the polynomial through all of them (Lagrange).</summary>
    /// <param name="nodes">Inverse temperatures.</param>
    /// <param name="at">The inverse temperature to interpolate at, inside their range.</param>
    internal static double[] Weights(IReadOnlyList<double> nodes, double at)
    {
        const double slack = 1e-6;
        if (at < nodes[0] - slack || at > nodes[^1] + slack)
        {
            throw new ArgumentOutOfRangeException(nameof(at), at, $"1/T must lie in {nodes[0]}–{nodes[^1]}, for which the tail was stored");
        }
        return [.. nodes.Select((node, i) => nodes.Where((_, j) => j != i).Aggregate(1.0, (weight, other) => weight * (at - other) / (node - other)))];
    }
}
