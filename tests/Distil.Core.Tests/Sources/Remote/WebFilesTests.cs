using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
using Distil.Core.Sources.Remote;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging.Abstractions;
using Distil.Core.Tests.Models;

namespace Distil.Core.Tests.Sources.Remote;

public sealed class WebFilesTests : IAsyncLifetime
{
    private const int Length = 9_000_000;
    private readonly byte[] _content = new byte[Length];
    private readonly TemporaryFolder _folder = new();
    private LocalWeb _web = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private SourceCatalog Catalog => Of(_folder.Path);

    /// <summary>Creates a catalogue without a hub and without an identity in Azure.</summary>
    internal static SourceCatalog Of(string folder, string? signed = null) => new(
        () => throw new InvalidOperationException("no hub here"),
        new WebFiles(
            new ResilientHttp(new RetryOptions { Pause = TimeSpan.FromMilliseconds(1) }, TimeProvider.System, NullLogger.Instance),
            new AzureAccess(null, () => throw new InvalidOperationException("no identity here")),
            SignedUrls.Parse(signed)),
        folder);

    public async ValueTask InitializeAsync()
    {
        new Random(1).NextBytes(_content);
        _web = await LocalWeb.StartAsync();
        _web.Files["/data/a.txt"] = (_content, "v1");
    }

    public async ValueTask DisposeAsync()
    {
        await _web.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_is_found_by_its_first_byte_and_read_in_parts_wherever_one_seeks()
    {
        var file = await FindAsync("/data/a.txt");
        Assert.Equal((Length, "v1"), (file.Bytes, file.ETag));
        Assert.Equal("bytes=0-0", Assert.Single(_web.Ranges));

        await using var stream = await Catalog.OpenAsync(file, cancel: Cancel);
        var last = new byte[100];
        stream.Seek(-100, SeekOrigin.End);
        await stream.ReadExactlyAsync(last, Cancel);
        Assert.Equal(_content[^100..], last);
        stream.Position = 0;
        Assert.Equal(_content, await WholeAsync(stream));
        Assert.Equal(
            ["bytes=0-0", $"bytes={Length - 100}-{Length - 1}", "bytes=0-4194303", "bytes=4194304-8388607", $"bytes=8388608-{Length - 1}"], _web.Ranges);
    }

    [Fact]
    public async Task A_cut_is_gone_on_from()
    {
        var file = await FindAsync("/data/a.txt");
        _web.Cuts.Enqueue(1_000_000);
        await using var stream = await Catalog.OpenAsync(file, cancel: Cancel);
        Assert.Equal(_content, await WholeAsync(stream));
        Assert.Equal(5, _web.Ranges.Count);
    }

    [Fact]
    public async Task A_file_that_changes_after_it_was_found_is_an_error_and_never_mixed()
    {
        var file = await FindAsync("/data/a.txt");
        await using var stream = await Catalog.OpenAsync(file, cancel: Cancel);
        await stream.ReadExactlyAsync(new byte[10], Cancel);
        _web.Files["/data/a.txt"] = (_content, "v2");
        stream.Position = 5_000_000;
        var error = await Assert.ThrowsAsync<InvalidInputException>(async () => await stream.ReadExactlyAsync(new byte[10], Cancel));
        Assert.Contains("/data/a.txt: has changed since the run was planned (its version was v1, 9000000 bytes)", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_signature_is_used_and_never_shown_and_does_not_change_what_a_file_is()
    {
        var open = await FindAsync("/data/a.txt");
        _web.Signature = "hush";
        Assert.Equal(open.Identity, (await FindAsync("/data/a.txt?sig=hush")).Identity);
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync("/data/a.txt?sig=wrong"));
        Assert.Contains("/data/a.txt may not be read (403", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("wrong", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", SourceRange.Of(await FindAsync("/data/a.txt?sig=hush"), 0, 1).Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Redirects_are_followed() => Assert.Equal(Length, (await FindAsync("/moved/data/a.txt")).Bytes);

    [Theory]
    [InlineData("https://127.0.0.1/a.txt")]
    [InlineData("http://localhost:10000/a.txt")]
    [InlineData("http://[::1]/a.txt")]
    public void Redirects_from_elsewhere_to_this_machine_are_refused(string next)
    {
        var error = Assert.Throws<InvalidInputException>(() => WebFiles.MayFollow(new Uri("https://example.org/a.txt?sig=hush"), new Uri(next)));
        Assert.Contains("https://example.org/a.txt redirects to this machine", error.Message, StringComparison.Ordinal);
        Assert.True(WebFiles.MayFollow(new Uri("http://127.0.0.1/b.txt"), new Uri(next)));
    }

    [Theory]
    [InlineData("/data/b.txt", "/data/b.txt does not exist")]
    [InlineData("/data/*.txt", "only blobs of Azure Storage can be listed")]
    public async Task What_is_not_there_or_cannot_be_listed_is_an_error(string path, string message) =>
        Assert.Contains(message, (await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(path))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("http://example.org/a.txt")]
    [InlineData("ftp://example.org/a.txt")]
    public async Task Other_schemes_and_http_to_other_machines_are_refused(string url) => Assert.Contains(
        $"dataset.sources: {url} cannot be read; expected a local path, hf://",
        (await Assert.ThrowsAsync<InvalidInputException>(() => Catalog.ListAsync([url], DatasetFormat.Text, SpecPaths.Sources, Cancel))).Message,
        StringComparison.Ordinal);

    [Fact]
    public async Task A_server_without_ranges_is_refused_with_what_is_missing()
    {
        _web.IgnoresRanges = true;
        Assert.Contains("sends no parts of files (HTTP Range)", (await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync("/data/a.txt"))).Message);
    }

    [Fact]
    public async Task A_teacher_behind_a_URL_is_planned_and_comes_into_one_folder_and_no_plan_holds_a_signature()
    {
        _web.Files["/models/t/config.json"] = (System.Text.Encoding.UTF8.GetBytes(TinyTeacher.Config), "c");
        _web.Files["/models/t/tokenizer.json"] = (System.Text.Encoding.UTF8.GetBytes(TinyTeacher.Tokenizer), "t");
        _web.Files["/models/t/model.safetensors"] = (TinyTeacher.Weights(), "w");
        _web.Signature = "hush";
        var catalog = Of(_folder.Path, $"{_web.Url("/models")}?sig=hush {_web.Url("/data/a.txt")}?sig=hush");
        var spec = new RunSpec
        {
            Name = "web",
            Teacher = new TeacherSpec { Path = _web.Url("/models/t") },
            Dataset = new DatasetSpec { Sources = [_web.Url("/moved/data/a.txt")], ContextLength = 64 },
        };
        var plan = await new RunPlanner(TimeProvider.System, catalog).PlanAsync(spec, Cancel);
        Assert.DoesNotContain("hush", JsonSerializer.Serialize(plan, DistilJson.Options), StringComparison.Ordinal);
        Assert.Equal((_web.Url("/models/t"), 3), (plan.TeacherLocation!.Folder, plan.TeacherLocation.Files.Count));
        Assert.Equal(Length, Assert.Single(plan.Shards).Ranges[0].FileBytes);

        var folder = await plan.TeacherLocation.FetchAsync(catalog, withWeights: true, cancel: Cancel);
        Assert.Equal(["config.json", "model.safetensors", "tokenizer.json"], Directory.GetFiles(folder).Select(Path.GetFileName).Order());
        Assert.Equal(TinyTeacher.Weights(), await File.ReadAllBytesAsync(Path.Combine(folder, "model.safetensors"), Cancel));
    }

    private async Task<SourceFile> FindAsync(string path) =>
        Assert.Single(await Catalog.ListAsync([_web.Url(path)], DatasetFormat.Text, SpecPaths.Sources, Cancel));

    private static async Task<byte[]> WholeAsync(Stream stream)
    {
        using var memory = new MemoryStream();
        await stream.CopyToAsync(memory, Cancel);
        return memory.ToArray();
    }
}
