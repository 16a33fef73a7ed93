using Distil.Core.Documents.Reports;

namespace Distil.Core.Tests.Documents.Reports;

public sealed class CurveTests
{
    [Fact]
    public void A_short_curve_stays_as_it_was()
    {
        var curve = Curve.Thin(CurveKind.Kl, [(1, 4.0), (2, 2.0), (5, 1.0)]);
        Assert.Equal(1, curve.StepsPerPoint);
        Assert.Equal([new(1, 4, 4, 4), new(2, 2, 2, 2), new(5, 1, 1, 1)], curve.Points);
    }

    [Fact]
    public void A_long_curve_keeps_means_and_extremes_of_equal_runs()
    {
        var curve = Curve.Thin(CurveKind.Kl, [.. Enumerable.Range(1, 10).Select(step => ((long)step, (double)(step % 2 == 0 ? step : -step)))], maxPoints: 3);
        Assert.Equal(4, curve.StepsPerPoint);
        Assert.Equal([new(2.5, 0.5, -3, 4), new(6.5, 0.5, -7, 8), new(9.5, 0.5, -9, 10)], curve.Points);
    }

    [Fact]
    public void Values_that_are_no_numbers_leave_no_point() =>
        Assert.Equal([new CurvePoint(2, 1, 1, 1)], Curve.Thin(CurveKind.Kl, [(1, double.NaN), (2, 1), (3, double.PositiveInfinity)]).Points);
}
