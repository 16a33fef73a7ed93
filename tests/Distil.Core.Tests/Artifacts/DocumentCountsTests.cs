using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

public sealed class DocumentCountsTests
{
    private static readonly DocumentCounts One = new() { Trained = 1, HeldOut = 2, Empty = 3, WithoutText = 4, NotUtf8 = 5, LongerThanRow = 6 };

    [Fact]
    public void Documents_are_read_if_they_are_used_or_skipped() => Assert.Equal((15, 12), (One.Read, One.PassedOver));

    [Fact]
    public void A_sum_counts_each_kind_and_has_the_first_fault()
    {
        var second = new DocumentCounts
        {
            Trained = 10,
            HeldOut = 20,
            Empty = 30,
            WithoutText = 40,
            NotUtf8 = 50,
            LongerThanRow = 60,
            FirstFault = "b.txt",
        };
        Assert.Equal(
            new DocumentCounts { Trained = 21, HeldOut = 42, Empty = 63, WithoutText = 84, NotUtf8 = 105, LongerThanRow = 126, FirstFault = "b.txt" },
            DocumentCounts.Sum([One, second, second with { FirstFault = "c.txt" }]));
    }

    [Fact]
    public void Skipped_documents_are_described_by_the_kinds_that_occurred()
    {
        Assert.Equal("", new DocumentCounts { Trained = 1 }.DescribePassedOver());
        Assert.Equal("1,200 empty, 1 not UTF-8", new DocumentCounts { Empty = 1200, NotUtf8 = 1 }.DescribePassedOver());
        Assert.Equal("4 without text (the first: a.txt)", new DocumentCounts { WithoutText = 4, FirstFault = "a.txt" }.DescribePassedOver());
    }
}
