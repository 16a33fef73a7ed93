using Distil.Cli.Serving;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;

namespace Distil.Cli.Tests.Serving;

public sealed class ServeOptionsTests
{
    [Theory]
    [InlineData("http://0.0.0.0:7080")]
    [InlineData("http://*:7080")]
    [InlineData("http://127.0.0.1:7080;http://10.1.2.3:7080")]
    [InlineData("https://example.com")]
    public void Beyond_loopback_there_must_be_a_key_and_local_paths_are_closed(string urls)
    {
        var options = new ServeOptions { Urls = ServeOptions.ParseUrls(urls) };
        Assert.Contains("API key", Assert.Throws<InvalidInputException>(options.Checked).Message, StringComparison.Ordinal);
        Assert.Empty((options with { ApiKey = ServedApi.ApiKey }).Checked().PathRoots!);
        Assert.Equal(["/data"], (options with { ApiKey = ServedApi.ApiKey, PathRoots = ["/data"] }).Checked().PathRoots!);
    }

    [Theory]
    [InlineData("http://127.0.0.1:0")]
    [InlineData("http://localhost:7080;http://[::1]:7080")]
    public void Loopback_needs_no_key(string urls) => Assert.Null(new ServeOptions { Urls = ServeOptions.ParseUrls(urls) }.Checked().PathRoots);

    [Fact]
    public void Samples_are_offered_where_a_run_may_read_them()
    {
        var (samples, options) = (Workspace.Find().RepositoryFile("samples"), new ServeOptions { Urls = ServeOptions.ParseUrls("http://127.0.0.1:0") });
        Assert.Equal(samples, options.WithSamples(samples).Samples);
        Assert.Equal(samples, (options with { PathRoots = ["/data", Path.GetDirectoryName(samples)!] }).WithSamples(samples).Samples);
        Assert.Null((options with { PathRoots = ["/data", samples[..^1]] }).WithSamples(samples).Samples);
        Assert.Null((options with { PathRoots = [] }).WithSamples(samples).Samples);
        Assert.Null(options.WithSamples(samples + "-gone").Samples);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("127.0.0.1:7080")]
    [InlineData("http://127.0.0.1:7080/under")]
    [InlineData("http://127.0.0.1:99999")]
    public void What_cannot_be_listened_on_is_refused(string urls) => Assert.Throws<InvalidInputException>(() => ServeOptions.ParseUrls(urls));

    [Fact]
    public void A_short_key_is_refused()
    {
        var options = new ServeOptions { Urls = ServeOptions.ParseUrls("http://127.0.0.1:0"), ApiKey = "short" };
        Assert.Contains("at least 16", Assert.Throws<InvalidInputException>(options.Checked).Message, StringComparison.Ordinal);
    }
}
