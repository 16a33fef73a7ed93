using Distil.Core.Tokenization;

namespace Distil.Core.Tests.Tokenization;

public sealed class CanonicalCompositionTests
{
    [Theory]
    [InlineData("e\u0301", "\u00e9")]
    [InlineData("o\u0302\u0323", "\u1ed9")]
    [InlineData("\u0958", "\u0915\u093c")]
    [InlineData("\u1112\u1161\u11ab", "\ud55c")]
    [InlineData("\u1112\u1161\u11ab\u11ab", "\ud55c\u11ab")]
    [InlineData("\u212b", "\u00c5")]
    [InlineData("a\u0315\u0300\u05ae\u0300b", "\u00e0\u05ae\u0300\u0315b")]
    [InlineData("\u0301\u0300", "\u0301\u0300")]
    [InlineData("\U0001D15E", "\U0001D157\U0001D165")]
    [InlineData("\ufb1d ascii", "\u05d9\u05b4 ascii")]
    public void Composes_as_the_standard_says(string text, string composed) => Assert.Equal(composed, CanonicalComposition.Compose(text));

    [Fact]
    public void Returns_composed_text_itself()
    {
        const string text = "Ünïcödé, привет, 世界, 😀";
        Assert.Same(text, CanonicalComposition.Compose(text));
    }
}
