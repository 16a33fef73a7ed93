using Distil.Core.Documents.Evaluations;
using Distil.Core.Specification;
using Distil.Onnx.Exports;

namespace Distil.Onnx.Tests.Exports;

public sealed class QualitySumsTests
{
    [Fact]
    public void The_error_of_the_difference_is_that_of_rows_whose_tokens_depend_on_each_other()
    {
        // All tokens of a row cost the same; more of them say nothing more.
        double[] costs = [0.1, -0.05, 0.3];
        var (few, many) = (Of(costs, tokens: 2), Of(costs, tokens: 50));
        var expected = Estimate.OfMean(costs);
        Assert.Equal(expected.Value, few.Rounded - few.Exact, 1e-5);
        Assert.Equal(expected.StandardError!.Value, few.DifferenceError!.Value, 1e-5);
        Assert.Equal(expected.StandardError.Value, many.DifferenceError!.Value, 1e-5);
        Assert.Equal(150, many.Tokens);
    }

    [Fact]
    public void Divergence_and_agreement_are_those_of_the_distributions()
    {
        var sums = new QualitySums();
        sums.NextRow();
        sums.Add([MathF.Log(0.5f), MathF.Log(0.25f), MathF.Log(0.25f)], [MathF.Log(0.25f), MathF.Log(0.5f), MathF.Log(0.25f)], 0);
        sums.Add([0, 1, 0], [0, 1, 0], 0);
        sums.NextRow(); // with nothing to predict
        var quality = sums.ToQuality(WeightForm.Int8, "text");
        Assert.Equal((2, 0.5), (quality.Tokens, quality.Agreement));
        Assert.Equal(0.25 * Math.Log(2) / 2, quality.Kl, 1e-6); // Σ p·(log p − log q)
        Assert.Null(quality.DifferenceError);
    }

    // The rounded student has p(token) = p/e^cost for the token that follows.
    private static FormQuality Of(double[] costs, int tokens)
    {
        var sums = new QualitySums();
        foreach (var cost in costs)
        {
            var lower = 0.5 / Math.Exp(cost);
            sums.NextRow();
            for (var i = 0; i < tokens; i++)
            {
                sums.Add([MathF.Log(0.5f), MathF.Log(0.5f)], [(float)Math.Log(lower), (float)Math.Log(1 - lower)], 0);
            }
        }

        return sums.ToQuality(WeightForm.Int8, "text");
    }
}
