using Distil.Trainer.Reports.Charts;

namespace Distil.Trainer.Tests.Reports.Charts;

public sealed class ChartScaleTests
{
    [Theory]
    [InlineData(0, 1800, "0 500 1\u202F000 1\u202F500")]
    [InlineData(1, 60_000, "20k 40k 60k")]
    [InlineData(0.5, 0.8, "0.5 0.6 0.7 0.8")]
    [InlineData(0, 2e-3, "0 0.0005 0.0010 0.0015 0.0020")]
    [InlineData(0, 2e-5, "0 5e−6 1e−5 1.5e−5 2e−5")]
    [InlineData(-2, 2, "−2 −1 0 1 2")]
    public void Ticks_are_round(double from, double to, string labels) =>
        Assert.Equal(labels.Split(' '), ChartScale.Linear(from, to).Ticks.Select(tick => tick.Label));

    [Fact]
    public void Steps_and_epochs_have_whole_ticks() => Assert.Equal(["1", "2", "3"], ChartScale.Whole(1, 3).Ticks.Select(tick => tick.Label));

    [Theory]
    [InlineData(1.0, 10.5, "1 2 5 10")]
    [InlineData(0.13, 5.2, "0.3 1 3")]
    public void A_wide_range_is_logarithmic_where_it_may_be(double least, double most, string labels)
    {
        var scale = ChartScale.Of(least, most, mayBeLogarithmic: true);
        Assert.True(scale.Logarithmic);
        Assert.Equal(labels.Split(' '), scale.Ticks.Select(tick => tick.Label));
        Assert.False(ChartScale.Of(least, most, mayBeLogarithmic: false).Logarithmic);
    }

    [Fact]
    public void A_constant_still_has_an_axis_around_it()
    {
        var scale = ChartScale.Of(0.5, 0.5, mayBeLogarithmic: false);
        Assert.True(scale.From < 0.5 && scale.To > 0.5);
        Assert.NotEmpty(scale.Ticks);
    }

    [Fact]
    public void Nothing_negative_is_put_on_a_logarithmic_axis() => Assert.False(ChartScale.Of(0, 10, mayBeLogarithmic: true).Logarithmic);
}
