using Distil.Trainer.TeacherOutputs;

namespace Distil.Trainer.Tests.TeacherOutputs;

public sealed class TemperatureNodesTests
{
    [Fact]
    public void A_constant_temperature_needs_one_node() => Assert.Equal([0.5], TemperatureNodes.Between(2, 2));

    [Fact]
    public void The_papers_schedule_has_its_ends_as_nodes()
    {
        var nodes = TemperatureNodes.Between(1, 2);
        Assert.Equal((0.5, 1.0), (nodes[0], nodes[^1]));
        Assert.Equal(nodes.Order(), nodes);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(1, 4)]
    [InlineData(0.5, 8)]
    public void A_tails_log_sum_is_right_between_the_nodes(double lowest, double highest)
    {
        var random = new Random(3);
        var tail = Enumerable.Range(0, 2000).Select(_ => -6 - 25 * Math.Pow(random.NextDouble(), 0.7)).ToArray();
        double LogSum(double x) => Math.Log(tail.Sum(log => Math.Exp(x * log)));
        var nodes = TemperatureNodes.Between(lowest, highest);
        for (var t = lowest; t <= highest; t += (highest - lowest) / 50)
        {
            var interpolated = TemperatureNodes.Weights(nodes, 1 / t).Zip(nodes, (weight, x) => weight * LogSum(x)).Sum();
            Assert.Equal(LogSum(1 / t), interpolated, 2e-3);
        }
    }

    [Fact]
    public void A_temperature_outside_the_stored_range_is_refused() =>
        Assert.Throws<ArgumentOutOfRangeException>(() => TemperatureNodes.Weights([0.5, 0.75, 1], 1.2));
}
