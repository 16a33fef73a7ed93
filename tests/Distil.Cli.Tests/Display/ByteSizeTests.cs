using Distil.Cli.Display;

namespace Distil.Cli.Tests.Display;

public sealed class ByteSizeTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1500, "1.5 kB")]
    [InlineData(999_960, "1.0 MB")]
    [InlineData(2.6e12, "2.6 TB")]
    public void Shows_one_decimal_in_the_largest_unit_that_fits(double bytes, string expected) => Assert.Equal(expected, ByteSize.Of(bytes));
}
