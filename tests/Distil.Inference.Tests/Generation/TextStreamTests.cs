using System.Text;
using Distil.Inference.Generation;

namespace Distil.Inference.Tests.Generation;

public sealed class TextStreamTests
{
    [Fact]
    public void Characters_cut_across_tokens_come_out_whole()
    {
        const string Text = "ça — 日本 🦊 fin";
        var stream = new TextStream(Decode);
        var pieces = Encoding.UTF8.GetBytes(Text).Select(b => stream.Add(b)).Append(stream.Flush()).ToList();
        Assert.Equal(Text, string.Concat(pieces));
        Assert.DoesNotContain(pieces, piece => piece.Contains('\uFFFD'));
        Assert.Contains("🦊", pieces);
    }

    [Fact]
    public void Bytes_that_never_become_a_character_do_not_hold_the_stream_back()
    {
        var stream = new TextStream(Decode);
        var held = Enumerable.Repeat(0xFF, 4).Select(stream.Add).ToList();
        Assert.Equal(["", "", ""], held[..3]);
        Assert.NotEmpty(held[3]);
        Assert.Equal("a", stream.Add('a'));
    }

    [Fact]
    public void What_is_unfinished_at_the_end_is_flushed()
    {
        var stream = new TextStream(Decode);
        Assert.Equal("", stream.Add(0xE2));
        Assert.Equal("\uFFFD", stream.Flush());
        Assert.Equal("", stream.Flush());
    }

    // Every token is one byte.
    private static string Decode(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString([.. ids.ToArray().Select(id => (byte)id)]);
}
