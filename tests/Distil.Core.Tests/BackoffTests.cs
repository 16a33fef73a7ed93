using CsCheck;
using Distil.Fuzzing;

namespace Distil.Core.Tests;

public sealed class BackoffTests
{
    private static readonly Backoff Retries = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(8));

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(3, 4)]
    [InlineData(4, 8)]
    [InlineData(5, 8)]
    [InlineData(5000, 8)]
    public void The_delay_doubles_up_to_the_maximum_and_up_to_half_of_it_is_jitter(int failures, int seconds) =>
        Gen.String.Each(key =>
        {
            Assert.InRange(Retries.DelayAfter(failures, key).TotalSeconds, seconds / 2d, seconds);
            Assert.InRange(Retries.DelayAfter(failures).TotalSeconds, seconds / 2d, seconds);
        });

    [Fact]
    public void A_key_gives_the_same_delay_in_every_process() =>
        Assert.Equal([0.9007528, 1.023105], [Retries.DelayAfter(1, "train-001").TotalSeconds, Retries.DelayAfter(2, "train-001").TotalSeconds]);

    [Fact]
    public void Keys_and_failures_spread_the_delays()
    {
        var delays = from key in Enumerable.Range(0, 20) from failures in new[] { 4, 5 } select Retries.DelayAfter(failures, $"train-{key:000}");

        Assert.Equal(40, delays.Distinct().Count());
    }
}
