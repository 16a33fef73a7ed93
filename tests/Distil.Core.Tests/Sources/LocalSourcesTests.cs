using System.Diagnostics;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Sources;

public sealed class LocalSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public LocalSourcesTests()
    {
        foreach (var name in (string[])["b.txt", "a.txt", "notes.md", "deep/c.txt", "deep/er/d.txt", "rows.jsonl",
            "deep/rows.jsonl.gz", "e.txt.zst", "f.parquet", "g.parquet.gz"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
            File.WriteAllText(At(name), name);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.txt", "a.txt")]
    [InlineData("", "a.txt b.txt deep/c.txt deep/er/d.txt e.txt.zst")]
    [InlineData("*.txt", "a.txt b.txt")]
    [InlineData("?.txt", "a.txt b.txt")]
    [InlineData("**/*.txt", "a.txt b.txt deep/c.txt deep/er/d.txt")]
    [InlineData("deep/**", "deep/c.txt deep/er/d.txt deep/rows.jsonl.gz")]
    [InlineData("*/c.txt", "deep/c.txt")]
    [InlineData("", "deep/rows.jsonl.gz rows.jsonl", DatasetFormat.Jsonl)]
    [InlineData("", "f.parquet", DatasetFormat.Parquet)]
    public void Files_folders_and_globs_give_sorted_files(string source, string expected, DatasetFormat format = DatasetFormat.Text) =>
        Assert.Equal(expected.Split(' ').Select(At), LocalSources.List(At(source), format, SpecPaths.Sources, cancel: Cancel).Select(file => file.Path));

    [Theory]
    [InlineData("/nowhere/x.txt", "does not exist")]
    [InlineData("/nowhere/*.txt", "no files")]
    public void A_source_that_is_not_there_is_an_error_that_names_field_and_source(string source, string message)
    {
        var error = Assert.Throws<InvalidInputException>(() => LocalSources.List(source, DatasetFormat.Text, SpecPaths.EvalSources, cancel: Cancel));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains($"dataset.evalSources: {source}", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pipe.txt")]
    [InlineData("link.txt")]
    [InlineData("/dev/zero")]
    [InlineData("/proc/self/status")]
    public void What_would_be_waited_for_or_never_ends_is_refused_by_its_name(string source)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs mkfifo, /dev and /proc");
        using var made = Process.Start("mkfifo", At("pipe.txt"));
        made.WaitForExit();
        File.CreateSymbolicLink(At("link.txt"), "pipe.txt");
        var path = Path.Combine(_folder.Path, source);

        var refused = Assert.Throws<InvalidInputException>(() => LocalSources.List(path, DatasetFormat.Text, SpecPaths.Sources, cancel: Cancel));

        Assert.StartsWith($"{path}: is a pipe, a socket or a device", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_vanished_is_named() =>
        Assert.StartsWith($"{At("gone")}: cannot be read", Assert.Throws<InvalidInputException>(() => LocalSources.Fingerprint(At("gone"))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_link_is_as_long_as_what_it_points_at()
    {
        File.CreateSymbolicLink(At("link.txt"), "deep/er/d.txt");
        Assert.Equal("deep/er/d.txt".Length, LocalSources.List(At("link.txt"), DatasetFormat.Text, SpecPaths.Sources, cancel: Cancel)[0].Bytes);
    }

    [Fact]
    public void Links_that_lead_back_are_followed_once_and_links_that_lead_nowhere_are_named()
    {
        Directory.CreateSymbolicLink(At("deep/back"), "..");
        Directory.CreateSymbolicLink(At("again"), "deep/er");
        var found = LocalSources.List(At("deep"), DatasetFormat.Text, SpecPaths.Sources, cancel: Cancel).Select(file => Path.GetRelativePath(_folder.Path, file.Path));
        Assert.Equal(["deep/back/a.txt", "deep/back/again/d.txt", "deep/back/b.txt", "deep/back/e.txt.zst", "deep/c.txt", "deep/er/d.txt"], found);

        File.CreateSymbolicLink(At("nowhere.txt"), "missing.txt");
        File.CreateSymbolicLink(At("loop.txt"), "loop.txt");
        File.CreateSymbolicLink(At("unrelated.bin"), "missing.bin");
        Assert.Contains("nowhere.txt is a link to missing.txt, which does not exist", Error(At("nowhere.txt")), StringComparison.Ordinal);
        Assert.Contains("loop.txt is a link to loop.txt, which leads back to itself", Error(At("loop.txt")), StringComparison.Ordinal);
        Assert.Contains("leads back to itself", Error(At("*.txt")), StringComparison.Ordinal);
        File.Delete(At("loop.txt"));
        Assert.Contains("nowhere.txt: is a link to missing.txt", Error(At("")), StringComparison.Ordinal);

        static string Error(string source) =>
            Assert.Throws<InvalidInputException>(() => LocalSources.List(source, DatasetFormat.Text, SpecPaths.Sources, cancel: Cancel)).Message;
    }

    [Fact]
    public void Data_of_other_formats_in_a_folder_is_reported_and_nothing_else()
    {
        _folder.Write("more.ndjson", "");
        _folder.Write("data.csv.gz", "");
        var others = new List<string>();
        LocalSources.List(At(""), DatasetFormat.Jsonl, SpecPaths.Sources, others, Cancel);
        Assert.Equal(
            ["a.txt", "b.txt", "data.csv.gz", "deep/c.txt", "deep/er/d.txt", "e.txt.zst", "f.parquet", "g.parquet.gz", "more.ndjson"],
            others.Select(other => Path.GetRelativePath(_folder.Path, other)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("a/**/b/**/c", "a/b/c", true)]
    [InlineData("a/**/b/**/c", "a/x/b/y/b/z/c", true)]
    [InlineData("a/**/b/**/c", "a/x/b/y", false)]
    [InlineData("**", "a", true)]
    [InlineData("a/**", "a", false)]
    [InlineData("a/**/**", "a/b", true)]
    [InlineData("**/*.txt", "b.txt", true)]
    [InlineData("*/b", "a/c/b", false)]
    public void Two_stars_stand_for_any_number_of_folders(string glob, string path, bool matches) =>
        Assert.Equal(matches, new GlobPattern("*/" + glob).Matches("root/" + path));

    [Fact]
    public void A_pattern_with_many_stars_is_matched_without_trying_all_ways() =>
        Assert.False(new GlobPattern("*/" + string.Concat(Enumerable.Repeat("**/a/", 30)) + "b").Matches("root/" + string.Join('/', Enumerable.Repeat("a", 200))));

    [Fact]
    public void A_fingerprint_is_of_the_content_alone()
    {
        File.Copy(At("a.txt"), At("copy.txt"));
        File.WriteAllBytes(At("empty.txt"), []);
        Assert.Equal(LocalSources.Fingerprint(At("a.txt")), LocalSources.Fingerprint(At("copy.txt")));
        Assert.NotEqual(LocalSources.Fingerprint(At("a.txt")), LocalSources.Fingerprint(At("b.txt")));
        Assert.Equal("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", LocalSources.Fingerprint(At("empty.txt")));
    }

    private string At(string name) => name.Length == 0 ? _folder.Path : Path.Combine(_folder.Path, name);
}
