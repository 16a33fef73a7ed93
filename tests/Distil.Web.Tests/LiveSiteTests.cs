using System.Text;
using System.Text.RegularExpressions;
using Distil.Core;

namespace Distil.Web.Tests;

public sealed partial class LiveSiteTests
{
    private static readonly LiveSite Site = new(samples: null);

    [Theory]
    [InlineData("", "text/html; charset=utf-8")]
    [InlineData("index.html", "text/html; charset=utf-8")]
    [InlineData("views/run.js", "text/javascript; charset=utf-8")]
    [InlineData("style.css", "text/css; charset=utf-8")]
    [InlineData("samples/demo.json", "application/json")]
    public void Serves_its_files_as_what_they_are(string name, string contentType)
    {
        var file = Site.Find(name)!;
        Assert.Equal(contentType, file.ContentType);
        Assert.NotEmpty(file.Content);
    }

    [Theory]
    [InlineData("no.js")]
    [InlineData("../LiveSite.cs")]
    public void Has_nothing_else(string name) => Assert.Null(Site.Find(name));

    [Fact]
    public void Every_file_that_a_file_names_is_served()
    {
        var named = Site.Names.Where(name => Path.GetExtension(name) is ".html" or ".js" && !name.StartsWith("vendor/", StringComparison.Ordinal))
            .SelectMany(name => Named().Matches(Text(name)).Select(match => (In: name, File: Resolve(name, match.Groups["file"].Value))))
            .ToList();
        Assert.Contains(("index.html", "main.js"), named);
        Assert.Contains(("views/run.js", "vendor/lit-html.js"), named);
        Assert.All(named, each => Assert.Contains(each.File, Site.Names));
    }

    [Theory]
    [InlineData("/home/me/distil/samples", """{"folder":"/home/me/distil/samples","names":["demo","demo-linearised","linearised-llama-3.2-1b","linearised-qwen2.5-0.5b","linearised-qwen2.5-1.5b","paper","quickstart"]}""")]
    [InlineData(null, """{"names":["linearised-llama-3.2-1b","linearised-qwen2.5-0.5b","linearised-qwen2.5-1.5b","paper"]}""")]
    public void Offers_the_samples_that_its_server_can_run(string? folder, string index) =>
        Assert.Equal(index, Encoding.UTF8.GetString(new LiveSite(folder).Find("samples/index.json")!.Content));

    [Fact]
    public void What_the_trainer_carries_holds_none_of_them() =>
        Assert.DoesNotContain(typeof(DistilJson).Assembly.GetManifestResourceNames(), name => name.Contains("wwwroot", StringComparison.Ordinal));

    private static string Text(string name) => Encoding.UTF8.GetString(Site.Find(name)!.Content);

    private static string Resolve(string from, string file) => new Uri(new Uri("http://site/" + from), file).AbsolutePath[1..];

    [GeneratedRegex("""^import .* from '(?<file>[^']+)'|(?:src|href)="(?<file>[^"#]+\.(?:js|css|svg))\b""", RegexOptions.Multiline)]
    private static partial Regex Named();
}
