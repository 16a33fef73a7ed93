using Distil.Core.Documents.Evaluations;

namespace Distil.Core.Tests.Documents.Evaluations;

public sealed class EstimateTests
{
    [Fact]
    public void The_error_of_a_mean_is_the_samples_deviation_over_the_root_of_its_size()
    {
        var mean = Estimate.OfMean([1, 0, 1, 1]);
        Assert.Equal(0.75, mean.Value, 1e-12);
        Assert.Equal(Math.Sqrt(0.75 / 3) / 2, mean.StandardError!.Value, 1e-12); // squares: 3 · 0.0625 + 0.5625 = 0.75
    }

    [Fact]
    public void The_error_of_a_ratio_is_about_a_bootstraps()
    {
        var random = new Random(5);
        var below = Enumerable.Range(0, 200).Select(_ => (double)random.Next(5, 30)).ToArray();
        var above = below.Select(size => size * (2 + random.NextDouble())).ToArray();
        var bootstrap = Enumerable.Range(0, 2000).Select(_ =>
        {
            var drawn = Enumerable.Range(0, 200).Select(_ => random.Next(200)).ToArray();
            return drawn.Sum(i => above[i]) / drawn.Sum(i => below[i]);
        }).ToArray();
        var deviation = Math.Sqrt(bootstrap.Sum(value => Math.Pow(value - bootstrap.Average(), 2)) / bootstrap.Length);

        var ratio = Estimate.OfRatio(above, below);

        Assert.Equal(above.Sum() / below.Sum(), ratio.Value, 1e-12);
        Assert.Equal(deviation, ratio.StandardError!.Value, 0.1 * deviation);
    }

    [Fact]
    public void One_sample_says_nothing_of_its_error() => Assert.Equal(new Estimate(3, null), Estimate.OfMean([3]));

    [Fact]
    public void An_exponential_carries_its_error()
    {
        var (value, error) = new Estimate(2, 0.1).Exp();
        Assert.Equal(Math.Exp(2), value, 1e-12);
        Assert.Equal(0.1 * Math.Exp(2), error!.Value, 1e-12);
    }
}
