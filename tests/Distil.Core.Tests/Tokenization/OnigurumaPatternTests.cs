using System.Text.RegularExpressions;
using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

/// <summary>What a pattern means to Hugging Face's tokenizers it means here, or it is refused. The expected pieces are the tokenizers' own.</summary>
public sealed class OnigurumaPatternTests
{
    [Theory]
    [InlineData("^a", "a\na\nba\n", "a", "\n", "a", "\nba\n")]      // ^ at every line
    [InlineData("a$", "a\na\nba\n", "a", "\n", "a", "\nb", "a", "\n")]
    [InlineData("^", "a\nb\n", "a\n", "b\n")]
    [InlineData("$", "a\nb\n", "a", "\nb", "\n")]
    [InlineData(@"\s+$", "a  \nb  ", "a", "  ", "\nb", "  ")]
    [InlineData("[a[bc]]+", "abcd", "abc", "d")]                    // nested classes
    [InlineData("[a&&[ab]]", "abc", "a", "bc")]
    [InlineData("a{,2}", "aaaaa", "aa", "aa", "a")]
    [InlineData("(?=[A-Z])", "camelCaseText", "camel", "Case", "Text")] // matches of no length
    [InlineData(@"\b", "ab cd", "ab", " ", "cd")]
    [InlineData("x*", "axxb", "a", "xx", "b")]
    [InlineData("", "abc", "a", "b", "c")]
    [InlineData(@"\w+", "a\u200db_c1", "a", "\u200d", "b_c1")]
    [InlineData(@"\w+", "A²中", "A²中")]
    [InlineData(@"[\w]+", "A²中", "A", "²", "中")]                  // in a class, \w lacks six numbers of Latin-1
    [InlineData(@"[^\w]+|\W+", "A²½中", "A", "²½", "中")]
    [InlineData(@"[A[b\W]]{2}", "²A中b!", "²A", "中", "b!")]
    [InlineData(@"\h+", "abcxyz12", "abc", "xyz", "12")]
    [InlineData(@"\R", "a\r\nb", "a", "\r\n", "b")]
    [InlineData("(?m).+", "a\nb", "a\nb")]
    [InlineData(".", "a\nb", "a", "\n", "b")]
    [InlineData("a++b", "aab", "aab")]
    [InlineData("a{2}+", "aaaaaa", "aaaaaa")]
    [InlineData("a{1,2}?", "aaaa", "a", "a", "a", "a")]
    [InlineData(@"(?:(?:\z|\D)[^_A-Za-z&&[1]]{1,2}?)??'", "Ⓐ!-.'S", "Ⓐ", "!-.'", "S")] // wrong in .NET if it is compiled
    [InlineData(@"\p{^L}+", "ab12", "ab", "12")]
    [InlineData("(?i)k", "kK\u212A", "k", "K", "\u212A")]
    [InlineData("(?i:s)", "sSſ", "s", "S", "ſ")]
    [InlineData("(?i)[a-c]+", "ABCd", "ABC", "d")]
    [InlineData(@"\x{4e00}|\u4e8c", "一二三", "一", "二", "三")]
    [InlineData(@"\Aa|b\z|c\Z", "abc\n", "a", "b", "c", "\n")]
    [InlineData("(?<=x|yy)b", "xbyyb", "x", "b", "yy", "b")]
    [InlineData("[^(\\s|[.,!?])]+", "ab, cd!", "ab", ", ", "cd", "!")]
    public void Splits_as_the_reference_does(string pattern, string text, params string[] pieces) => Assert.Equal(pieces, Pieces(pattern, text));

    [Theory]
    [InlineData("[[:alpha:]]", "POSIX bracket")]
    [InlineData(@"\p{Han}", "property Han")]
    [InlineData(@"\p{IsGreek}", "property IsGreek")]
    [InlineData(@"\pL", "without braces")]
    [InlineData("(?i)ss", "one character can equal")]
    [InlineData("(?i)é", "outside ASCII")]
    [InlineData(@"(?i)\p{Lu}", "the case of kinds")]
    [InlineData("(?s).", "has (?s")]
    [InlineData("(?x) a", "has (?x")]
    [InlineData("a{,}", "begins no number")]
    [InlineData("a{2}?", "has {2}?")]
    [InlineData("a**", "again")]
    [InlineData("^*", "has no length")]
    [InlineData("*a", "after nothing")]
    [InlineData("[]a]", "empty or begins with ]")]
    [InlineData(@"[a-\d]", "does not end with a character")]
    [InlineData(@"(a)\1", @"has \1")]
    [InlineData(@"\k<n>", @"has \k")]
    [InlineData(@"\G", @"has \G")]
    [InlineData(@"\X", @"has \X")]
    [InlineData("(", "( without )")]
    [InlineData(")", ") without (")]
    [InlineData("[a", "cut off")]
    [InlineData("a\\", "cut off")]
    [InlineData("😀", "outside the basic plane")]
    [InlineData(@"\x{1F600}", "outside the basic plane")]
    [InlineData(@"\xE9", "has the byte")]
    [InlineData(@"(?<!\R)", @"has \R in a look-behind")]
    [InlineData(@"(?<=a(?:b|\R))", @"has \R in a look-behind")]
    public void Refuses_by_name_what_it_does_not_translate(string pattern, string expected) =>
        Assert.Contains(expected, Assert.Throws<ArgumentException>(() => OnigurumaPattern.Translate(pattern)).Message);

    [Fact]
    public void No_character_stands_for_others_that_a_pattern_names()
    {
        var (_, named) = OnigurumaPattern.Translate("[ªº¦-\u02af]");
        var standIn = StandIns.Of([SplitStep.Of("[ªº¦-\u02af]", keepGaps: true)]).For(new System.Text.Rune(0x20000));
        Assert.True(char.IsLetter(standIn));
        Assert.DoesNotContain(named, range => range.First <= standIn && standIn <= range.Last);
        Assert.Throws<ArgumentException>(() => StandIns.Of([SplitStep.Of("[\u0080-\uffff]", keepGaps: true)]));
    }

    // As a Split with the behaviour Isolated: matches, and the text between them; a match of no length separates.
    private static List<string> Pieces(string pattern, string text)
    {
        var (pieces, done) = (new List<string>(), 0);
        foreach (var match in new Regex(OnigurumaPattern.Translate(pattern).Pattern).EnumerateMatches(text))
        {
            pieces.AddRange([text[done..match.Index], text.Substring(match.Index, match.Length)]);
            done = match.Index + match.Length;
        }

        return [.. pieces.Append(text[done..]).Where(piece => piece.Length > 0)];
    }
}
