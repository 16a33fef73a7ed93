using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Sources;

public sealed class LocalSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

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
        Assert.Equal(expected.Split(' ').Select(At), LocalSources.List(At(source), format, SpecPaths.Sources).Select(file => file.Path));

    [Theory]
    [InlineData("/nowhere/x.txt", "does not exist")]
    [InlineData("/nowhere/*.txt", "no files")]
    public void A_source_that_is_not_there_is_an_error_that_names_field_and_source(string source, string message)
    {
        var error = Assert.Throws<InvalidInputException>(() => LocalSources.List(source, DatasetFormat.Text, SpecPaths.EvalSources));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains($"dataset.evalSources: {source}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_link_is_as_long_as_what_it_points_at()
    {
        File.CreateSymbolicLink(At("link.txt"), "deep/er/d.txt");
        Assert.Equal("deep/er/d.txt".Length, LocalSources.List(At("link.txt"), DatasetFormat.Text, SpecPaths.Sources)[0].Bytes);
    }

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
