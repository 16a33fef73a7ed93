using Distil.Fuzzing;

namespace Distil.Core.Tests.Tokenization;

/// <summary>Each kind of characters is the same set in Hugging Face's library, alone and in classes.</summary>
/// <remarks>A usual run compares the first 0x600 characters; a run with <c>DISTIL_FUZZ</c>, the whole basic plane and letters outside it.</remarks>
public sealed class ReferenceKindsTests
{
    private static readonly string[] Kinds = [@"\w", @"\s", @"\d", @"\h", @"\p{L}", @"\p{M}", @"\p{N}", @"\p{Lu}", @"\p{Lo}", @"\p{P}", @"\p{S}", @"\p{Z}", @"\p{Cf}"];

    [Fact]
    public void Each_kind_is_the_same_set()
    {
        ReferenceTokenizer.SkipWhereMissing();
        var text = Text();
        // A character is a word of its own if it is of the kind, and otherwise part of the gap that begins with the U+0001 before it.
        string[] patterns = [.. Kinds.SelectMany(kind => (string[])[kind, Negated(kind), $"[{kind}]", $"[{Negated(kind)}]", $"[^{kind}]", $"[A[{Negated(kind)}]]"])];
        var cases = patterns.Select(kind => (Kind: kind, Pattern: $@"(?<=\x01){kind}")).ToList();
        var encoded = ReferenceTokenizer.EncodeEach(cases.Select(each => (SplitPattern.Tokenizer(each.Pattern), text)));
        foreach (var ((kind, pattern), theirs) in cases.Zip(encoded))
        {
            Assert.Null(theirs.Error);
            var mine = SplitPattern.Words(pattern, text)!;
            Assert.True(mine.SequenceEqual(theirs.Words!), $"{kind}: differs first at byte {mine.Zip(theirs.Words!).TakeWhile(pair => pair.First == pair.Second).Count()}");
        }
    }

    private static string Negated(string kind) => kind.StartsWith(@"\p", StringComparison.Ordinal) ? $@"\P{kind[2..]}" : kind.ToUpperInvariant();

    private static string Text()
    {
        var basic = Enumerable.Range(0, RandomInputs.Wanted is null ? 0x600 : 0x10000).Where(value => value is < 0xD800 or > 0xDFFF);
        var others = RandomInputs.Wanted is null ? [] : Enumerable.Range(0x10000, 0x20000);
        return string.Concat(basic.Concat(others).Select(value => "\u0001" + char.ConvertFromUtf32(value)));
    }
}
