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

    [Fact]
    public void Each_of_many_tokenizers_splits_by_its_own_pattern()
    {
        WordSplitter[] splitters = [.. Enumerable.Range(1, 200).Select(length => new WordSplitter([new SplitStep($"a{{1,{length}}}", Explicit: [], KeepGaps: true)]))];
        for (var length = 1; length <= splitters.Length; length++)
        {
            var words = new List<Word>();
            splitters[length - 1].Split(new string('a', length + 1), words);
            Assert.Equal([new(0, length), new(length, 1)], words);
        }
    }
}
