using Distil.Core.Http;

namespace Distil.Core.Tests.Http;

public sealed class UrlSecretsTests
{
    [Theory]
    [InlineData("https://a.blob.core.windows.net/c/a.txt?sv=2024-11-04&sr=b&sig=hush", "a signature or key (sig)")]
    [InlineData("https://a.blob.core.windows.net/c/*.txt?SIG=hush", "a signature or key (SIG)")]
    [InlineData("https://s3.amazonaws.com/b/a?X-Amz-Expires=1&X-Amz-Signature=hush", "a signature or key (X-Amz-Signature)")]
    [InlineData("HTTPS://host/a?x=1&access%5Ftoken=hush", "a signature or key (access%5Ftoken)")]
    [InlineData("https://me:hush@host/a.txt", "a user's name or password")]
    public void Rights_are_found(string path, string words) => Assert.Equal(Uri.UnescapeDataString(words), UrlSecrets.Find(path));

    [Theory]
    [InlineData("/data/a?sig=x.txt")]
    [InlineData("https://host/a.txt")]
    [InlineData("https://host/a.txt?versionid=7&download=1")]
    [InlineData("https://host/sig=1/a.txt")]
    [InlineData("hf://datasets/o/n@main/a.txt")]
    public void What_gives_none_is_left_alone(string path) => Assert.Null(UrlSecrets.Find(path));

    [Theory]
    [InlineData("a https://me:hush@host/p/a.txt?sig=hush, b", "a https://host/p/a.txt b")]
    [InlineData("[\"https://host/a?sig=hush\", \"http://host/b?x=hush\"]", "[\"https://host/a\", \"http://host/b\"]")]
    [InlineData("what? https://host/a", "what? https://host/a")]
    public void Text_is_shown_without_them(string text, string shown) => Assert.Equal(shown, UrlSecrets.Without(text));
}
