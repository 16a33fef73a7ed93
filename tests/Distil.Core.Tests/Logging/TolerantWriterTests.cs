using Distil.Core.Logging;

namespace Distil.Core.Tests.Logging;

public sealed class TolerantWriterTests
{
    [Fact]
    public void What_somebody_receives_is_written_as_it_is()
    {
        using var received = new StringWriter { NewLine = "\n" };
        using var writer = new TolerantWriter(received) { NewLine = "\n" };
        writer.Write('a');
        writer.Write("b");
        writer.Write(['c', 'd', 'e'], 1, 1);
        writer.WriteLine("f");
        writer.Write("{0}", 7);
        writer.WriteLine();
        Assert.Equal("abdf\n7\n", received.ToString());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_stream_that_is_full_or_closed_ends_nothing(bool isClosed)
    {
        var lost = new Lost(isClosed);
        using var writer = new TolerantWriter(new StreamWriter(lost) { AutoFlush = true });
        lost.IsLost = true;
        writer.WriteLine("a line");
        writer.Write('x');
        writer.Write("y");
        writer.Flush();
    }

    private sealed class Lost(bool isClosed) : MemoryStream
    {
        public bool IsLost { get; set; }

        public override void Write(byte[] buffer, int offset, int count) => Fail();

        public override void Write(ReadOnlySpan<byte> buffer) => Fail();

        public override void Flush() => Fail();

        private void Fail()
        {
            if (IsLost)
            {
                throw isClosed ? new UnauthorizedAccessException("Access to the path is denied.") : new IOException("No space left on device");
            }
        }
    }
}
