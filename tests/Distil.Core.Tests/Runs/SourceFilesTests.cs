using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Core.Tests.Runs;

public sealed class SourceFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-sources-").FullName;

    public SourceFilesTests()
    {
        foreach (var name in (string[])["b.txt", "a.txt", "notes.md", "deep/c.txt", "deep/er/d.txt", "rows.jsonl"])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(At(name))!);
            File.WriteAllText(At(name), name);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.txt", "a.txt")]
    [InlineData("", "a.txt b.txt deep/c.txt deep/er/d.txt")]
    [InlineData("*.txt", "a.txt b.txt")]
    [InlineData("?.txt", "a.txt b.txt")]
    [InlineData("**/*.txt", "a.txt b.txt deep/c.txt deep/er/d.txt")]
    [InlineData("deep/**", "deep/c.txt deep/er/d.txt")]
    [InlineData("*/c.txt", "deep/c.txt")]
    public void Files_folders_and_globs_give_sorted_files(string source, string expected) =>
        Assert.Equal(expected.Split(' ').Select(At), SourceFiles.Resolve([At(source)], DatasetFormat.Text));

    [Fact]
    public void Jsonl_is_not_read_as_text()
    {
        var error = Assert.Throws<InvalidInputException>(() => SourceFiles.Resolve([At("rows.*")], DatasetFormat.Text));
        Assert.Contains("rows.jsonl", error.Message, StringComparison.Ordinal);
        Assert.Contains("expected dataset.format jsonl", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_that_two_sources_name_counts_once() =>
        Assert.Equal([At("b.txt"), At("a.txt")], SourceFiles.Resolve([At("b.txt"), At("*.txt")], DatasetFormat.Text));

    [Theory]
    [InlineData("hf://owner/name", "reserved")]
    [InlineData("https://example.org/x.txt", "reserved")]
    [InlineData("rows.parquet", "Parquet")]
    [InlineData("/nowhere/x.txt", "does not exist")]
    [InlineData("/nowhere/*.txt", "no files")]
    [InlineData(" ", "empty")]
    public void A_source_that_cannot_be_read_is_an_error_that_names_field_and_source(string source, string message)
    {
        var error = Assert.Throws<InvalidInputException>(() => SourceFiles.Resolve([source], DatasetFormat.Text, "dataset.evalSources"));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("dataset.evalSources", error.Message, StringComparison.Ordinal);
        Assert.Contains(source, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_reserved_format_is_an_error()
    {
        var error = Assert.Throws<InvalidInputException>(() => SourceFiles.Resolve([At("a.txt")], DatasetFormat.Parquet));
        Assert.Contains("parquet", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_fingerprint_is_of_the_content_alone()
    {
        File.Copy(At("a.txt"), At("copy.txt"));
        Assert.Equal(SourceFiles.Fingerprint(At("a.txt")), SourceFiles.Fingerprint(At("copy.txt")));
        Assert.NotEqual(SourceFiles.Fingerprint(At("a.txt")), SourceFiles.Fingerprint(At("b.txt")));
        Assert.Equal(new SourceFingerprint(0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), SourceFiles.Fingerprint(Empty()));
    }

    private string At(string name) => name.Length == 0 ? _folder : Path.Combine(_folder, name);

    private string Empty()
    {
        File.WriteAllBytes(At("empty.txt"), []);
        return At("empty.txt");
    }
}
