using Distil.Core.Errors;
using Distil.Core.Http;

namespace Distil.Core.Tests.Http;

public sealed class SignedUrlsTests
{
    private const string Account = "https://a.blob.core.windows.net";

    private static readonly SignedUrls Known = SignedUrls.Parse($"""
        {Account}/corpora?sv=1&sig=container {Account}/corpora/tales/?sv=1&sig=folder
        https://example.org/one.txt?X-Amz-Signature=file
        http://127.0.0.1:81/?sig=here
        """);

    [Theory]
    [InlineData($"{Account}/corpora/a.txt", "?sv=1&sig=container")]
    [InlineData($"{Account}/corpora", "?sv=1&sig=container")]
    [InlineData($"{Account}/corpora/tales/b.txt", "?sv=1&sig=folder")]
    [InlineData($"{Account}/corpora/tales2/b.txt", "?sv=1&sig=container")]
    [InlineData($"{Account}/corpora/a.txt?snapshot=7", "?snapshot=7&sv=1&sig=container")]
    [InlineData("https://example.org/one.txt", "?X-Amz-Signature=file")]
    [InlineData("http://127.0.0.1:81/x", "?sig=here")]
    [InlineData($"{Account}/corpora/a.txt?sig=own", "?sig=own")]
    public void A_URL_gets_the_nearest_signature_above_it_unless_it_brings_one(string url, string query)
    {
        var signed = Known.Sign(new Uri(url));
        Assert.Equal(query, signed.Query);
        Assert.Equal(new Uri(url).GetLeftPart(UriPartial.Path), signed.GetLeftPart(UriPartial.Path));
    }

    [Theory]
    [InlineData($"{Account}/corpora2/a.txt")]
    [InlineData($"{Account}/corpora/../other/a.txt")]
    [InlineData("https://b.blob.core.windows.net/corpora/a.txt")]
    [InlineData("https://a.blob.core.windows.net.evil.org/corpora/a.txt")]
    [InlineData("https://a.blob.core.windows.net@evil.org/corpora/a.txt")]
    [InlineData("https://a.blob.core.windows.net:444/corpora/a.txt")]
    [InlineData("https://example.org/one.txt.gz")]
    [InlineData("http://127.0.0.1/x")]
    public void No_other_place_ever_gets_it(string url) => Assert.Equal(new Uri(url), Known.Sign(new Uri(url)));

    [Theory]
    [InlineData("sv=1&sig=hush")]
    [InlineData("https://example.org/a.txt?sig=a https://example.org/b.txt")]
    [InlineData("http://example.org/hush?sig=hush")]
    public void What_is_no_signed_URL_is_named_and_not_shown(string list)
    {
        var error = Assert.Throws<InvalidInputException>(() => SignedUrls.Parse(list));
        Assert.StartsWith("DISTIL_SIGNED_URLS: its entry ", error.Message);
        Assert.DoesNotContain("hush", error.Message);
    }

    [Fact]
    public void Nothing_is_fine() => Assert.Equal("", SignedUrls.Parse(null).QueryFor(new Uri(Account)));
}
