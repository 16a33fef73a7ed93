using Distil.Core.Artifacts.Kinds;
using Distil.Core.Jobs;
using Distil.Core.Pipeline;

namespace Distil.Core.Tests.Pipeline;

public sealed class ShardRangeTests
{
    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(2, 2, 1)]
    [InlineData(400, 400, 1)]
    [InlineData(401, 201, 2)]
    [InlineData(800, 400, 2)]
    [InlineData(801, 267, 3)]
    [InlineData(100_000, 400, 250)]
    public void Ranges_contain_each_part_once_and_in_order_and_there_are_at_most_400(int parts, int ranges, int largest)
    {
        var cut = ShardRange.Cut(Of(parts));
        Assert.Equal((ranges, largest), (cut.Count, cut.Max(range => range.Count)));
        Assert.Equal(Enumerable.Range(0, parts), cut.SelectMany(range => Enumerable.Range(range.First, range.End - range.First)));
    }

    [Theory]
    [InlineData(160_001)]
    [InlineData(1_000_000)]
    [InlineData(64_000_001)]
    public void A_long_range_is_cut_into_ranges_again_until_none_has_more_than_400_parts(int parts)
    {
        var range = ShardRange.Of(Of(parts), 0, parts);
        for (var (cut, levels) = (range.Cut(), 1); range.Count > 1; (range, levels) = (cut[^1], levels + 1), cut = range.Cut())
        {
            Assert.InRange(cut.Count, 2, 400);
            Assert.Equal((range.First, range.End), (cut[0].First, cut[^1].End));
            Assert.InRange(levels, 1, 4);
        }
    }

    [Fact]
    public void A_range_is_named_by_its_first_and_last_part_and_a_single_part_by_its_job()
    {
        var range = ShardRange.Of(Of(10), 3, count: 4);
        Assert.Equal(("prepare-00003-to-00006", 3, 7), (range.Spec.JobId, range.First, range.End));
        Assert.Equal(("prepare-00003", 3), (ShardRange.Of(Of(10), 3, count: 1).Spec.JobId, ShardRange.Of(Of(10), 3, count: 1).Spec.Part));
    }

    [Fact]
    public void After_a_part_the_rest_of_the_range_follows()
    {
        var range = ShardRange.Of(Of(10), 3, count: 4);
        Assert.Equal((4, 7), (range.After(3)!.First, range.After(3)!.End));
        Assert.Equal("prepare-00006", range.After(5)!.Spec.JobId);
        Assert.Null(range.After(6));
    }

    private static JobSpec Of(int parts) => new() { RunId = "run", JobId = "", Makes = new Dataset("data", parts) };
}
