using Distil.Core.Errors;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

public sealed class WordSplitterTests
{
    [Fact]
    public void A_pattern_that_takes_too_long_is_an_error_that_names_it()
    {
        var splitter = new WordSplitter([new SplitStep("^(a+)+$", Explicit: [], KeepGaps: true)], TimeSpan.FromMilliseconds(20));
        var error = Assert.Throws<InvalidInputException>(() => splitter.Split(new string('a', 60) + "!", []));
        Assert.Contains("pattern ^(a+)+$ took longer than 0.02 seconds", error.Message, StringComparison.Ordinal);
    }
}
