using System.Runtime.Intrinsics;
using Distil.Inference.Numerics;

namespace Distil.Inference.Tests.Numerics;

public sealed class VectorMathTests
{
    private static readonly float[] Points = [.. Enumerable.Range(-8500, 17001).Select(i => i * 0.01f), 1e-6f, -1e-6f, 1e-3f, -3e-4f, 0f];

    [Fact]
    public void Exp_is_exact_to_2e_7_relative() => Check(VectorMath.Exp, Math.Exp);

    [Fact]
    public void Tanh_is_exact_to_2e_7_relative() => Check(VectorMath.Tanh, Math.Tanh);

    [Fact]
    public void Sigmoid_is_exact_to_2e_7_relative() => Check(VectorMath.Sigmoid, x => 1 / (1 + Math.Exp(-x)));

    [Fact]
    public void Log_sigmoid_is_exact_to_2e_7_relative() => Check(x => VectorMath.LogSigmoid(x, out _), x => Math.Min(x, 0) - Log1P(Math.Exp(-Math.Abs(x))));

    [Fact]
    public void The_slope_of_log_sigmoid_is_exact_to_2e_7_relative() => Check(
        x =>
        {
            VectorMath.LogSigmoid(x, out var slope);
            return slope;
        },
        x => 1 / (1 + Math.Exp(x)));

    [Fact]
    public void Extremes_do_not_overflow_and_not_a_number_stays_so()
    {
        Assert.Equal(0, VectorMath.Exp(Vector512.Create(-1e30f))[0]);
        Assert.True(float.IsFinite(VectorMath.Exp(Vector512.Create(1e30f))[0]));
        Assert.Equal(1, VectorMath.Tanh(Vector512.Create(1e30f))[0]);
        Assert.True(float.IsNaN(VectorMath.Exp(Vector512.Create(float.NaN))[0]));
    }

    private static double Log1P(double e) => e < 1e-4 ? e - e * e / 2 + e * e * e / 3 : Math.Log(1 + e);

    private static void Check(Func<Vector512<float>, Vector512<float>> fast, Func<double, double> exact)
    {
        foreach (var x in Points)
        {
            var expected = exact(x);
            if (Math.Abs(expected) < 1e-36)
            {
                continue;
            }
            var off = Math.Abs(fast(Vector512.Create(x))[3] - expected) / Math.Abs(expected);
            Assert.True(off < 2e-7, $"at {x}: off by {off:E2}");
        }
    }
}
