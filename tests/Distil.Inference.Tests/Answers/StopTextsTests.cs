using CsCheck;
using Distil.Fuzzing;
using Distil.Inference.Answers;

namespace Distil.Inference.Tests.Answers;

public sealed class StopTextsTests
{
    [Fact]
    public void However_a_text_is_cut_no_stop_text_is_shown_and_nothing_else_is_lost() => Gen.Select(
        Gen.Char["ab"].Array[0, 30], Gen.Char["ab"].Array[1, 4].Array[0, 3], Gen.Int[1, 5]).Each((characters, stops, size) =>
    {
        var (text, ends) = (new string(characters), stops.Select(stop => new string(stop)).ToArray());
        var filter = new StopTexts(ends);
        var shown = "";
        for (var i = 0; i < text.Length && !filter.Found; i += size)
        {
            shown += filter.Add(text.Substring(i, Math.Min(size, text.Length - i)));
        }

        Assert.Equal(ends.Any(stop => text.Contains(stop, StringComparison.Ordinal)), filter.Found);
        Assert.DoesNotContain(ends, stop => shown.Contains(stop, StringComparison.Ordinal));
        Assert.Equal(filter.Found ? text[..shown.Length] : text, filter.Found ? shown : shown + filter.Flush());
        Assert.True(!filter.Found || ends.Any(stop => text.AsSpan(shown.Length).StartsWith(stop)));
    }, count: 500);

    [Fact]
    public void What_may_begin_a_stop_text_is_held_back()
    {
        var filter = new StopTexts(["END", "\n\n"]);
        Assert.Equal("a ", filter.Add("a E"));
        Assert.Equal("E", filter.Add("E"));
        Assert.Equal("", filter.Add("N"));
        Assert.Equal("ENd", filter.Add("d"));
        Assert.Equal("", filter.Add("\n"));
        Assert.Equal("\n", filter.Flush());
    }
}
