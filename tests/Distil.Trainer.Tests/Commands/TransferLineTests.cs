using Distil.Core.Http;
using Distil.Trainer.Commands;

namespace Distil.Trainer.Tests.Commands;

public sealed class TransferLineTests
{
    private static readonly TransferProgress[] Two =
        [new("a", 500, 2000), new("a", 501, 2000), new("a", 2000, 2000), new("b", 3000, 0), new("b", 4000, 0)];

    [Fact]
    public void A_terminal_sees_a_line_a_file_grow() => Assert.Equal(
        "\rfetching a: 25% of 2.00 kB\rfetching a: 100% of 2.00 kB\n\rfetching b: 3.00 kB\rfetching b: 4.00 kB", Shown(rewrites: true));

    [Fact]
    public void A_log_gets_a_line_a_file() => Assert.Equal("fetching a, 2.00 kB\nfetching b\n", Shown(rewrites: false));

    private static string Shown(bool rewrites)
    {
        using var to = new StringWriter { NewLine = "\n" };
        var line = new TransferLine(to, rewrites);
        foreach (var each in Two)
        {
            line.Report(each);
        }

        return to.ToString().Replace('\u202F', ' ');
    }
}
