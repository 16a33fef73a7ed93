using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Tests.Reports.Markup;

public sealed class FiguresTests
{
    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.00012, "1.20e−4")]
    [InlineData(0.0123, "0.0123")]
    [InlineData(-4.5678, "−4.57")]
    [InlineData(78.94, "78.9")]
    [InlineData(1234.5, "1\u202F234")]
    public void Three_digits_say_enough(double number, string shown) => Assert.Equal(shown, Figures.Number(number));

    [Theory]
    [InlineData(999, "999\u202Fbytes")]
    [InlineData(1000, "1.00\u202FkB")]
    [InlineData(999_999, "1.00\u202FMB")]
    [InlineData(25_769_803_776, "25.8\u202FGB")]
    public void Bytes_have_decimal_units(long bytes, string shown) => Assert.Equal(shown, Figures.Bytes(bytes));

    [Theory]
    [InlineData(0.45, "0.450\u202Fs")]
    [InlineData(59.6, "1\u202Fmin 00\u202Fs")]
    [InlineData(245, "4\u202Fmin 05\u202Fs")]
    [InlineData(7380, "2\u202Fh 03\u202Fmin")]
    public void Times_are_read_at_a_glance(double seconds, string shown) => Assert.Equal(shown, Figures.Duration(seconds));

    [Theory]
    [InlineData(0.851, "85.1\u202F%")]
    [InlineData(0.0031, "0.31\u202F%")]
    public void Small_shares_keep_their_digits(double share, string shown) => Assert.Equal(shown, Figures.Percent(share));

    [Theory]
    [InlineData(5.8312, 0.0243, "5.831\u202F±\u202F0.024")]
    [InlineData(512.4, 17.3, "512\u202F±\u202F17")]
    [InlineData(0.5, 0.00996, "0.500\u202F±\u202F0.010")]
    [InlineData(0.5, 0.0, "0.500")]
    [InlineData(0.5, null, "0.500")]
    public void An_error_says_how_many_digits_count(double number, double? error, string shown) => Assert.Equal(shown, Figures.Measured(number, error));
}
