using Azure;

namespace Distil.Core.Tests;

public sealed class DiskFullTests
{
    [Fact]
    public void A_write_to_a_full_disk_is_recognised()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs /dev/full");
        var full = Assert.ThrowsAny<IOException>(() => File.WriteAllText("/dev/full", "x"));
        Assert.True(DiskFull.Is(full));
        Assert.True(DiskFull.Is(new AggregateException(new TimeoutException(), new InvalidOperationException("in a job", full))));
    }

    [Fact]
    public void The_local_storage_says_it_by_507_and_other_failures_are_not_it()
    {
        Assert.True(DiskFull.Is(new RequestFailedException(507, "There is no space left")));
        Assert.False(DiskFull.Is(new RequestFailedException(500, "broken")));
        Assert.False(DiskFull.Is(new IOException("the line is bad")));
    }
}
