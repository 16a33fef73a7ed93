using Distil.Core.Errors;
using Distil.Core.Settings;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Sources;

public sealed class SourceCatalogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_file_that_two_sources_name_counts_once()
    {
        var (a, b) = (_folder.Write("a.txt", "a"), _folder.Write("b.txt", "b"));
        var files = await ListAsync([b, Path.Combine(_folder.Path, "*.txt")], DatasetFormat.Text);
        Assert.Equal([b, a], files.Select(file => file.Path));
    }

    [Theory]
    [InlineData("rows.jsonl", DatasetFormat.Text, "is JSONL by its name and dataset.format is text; expected dataset.format jsonl")]
    [InlineData("rows.jsonl.zst", DatasetFormat.Text, "expected dataset.format jsonl")]
    [InlineData("rows.parquet", DatasetFormat.Text, "is Parquet by its name and dataset.format is text; expected dataset.format parquet")]
    [InlineData("rows.parquet", DatasetFormat.Jsonl, "expected dataset.format parquet")]
    [InlineData("rows.jsonl", DatasetFormat.Parquet, "expected dataset.format jsonl")]
    [InlineData("rows.parquet.gz", DatasetFormat.Parquet, "expected it unpacked")]
    public async Task A_file_of_another_format_by_its_name_is_refused(string name, DatasetFormat format, string message)
    {
        var path = _folder.Write(name, "x");
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => ListAsync([path], format));
        Assert.Contains(name, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_empty_source_is_refused() =>
        Assert.Contains(
            "dataset.sources: a source is empty", (await Assert.ThrowsAsync<InvalidInputException>(() => ListAsync([" "], DatasetFormat.Text))).Message);

    [Theory]
    [InlineData("a.txt", Compression.None)]
    [InlineData("a.jsonl.gz", Compression.Gzip)]
    [InlineData("a.TXT.ZST", Compression.Zstd)]
    [InlineData("https://host/a.jsonl.gz?sig=x.zst", Compression.Gzip)]
    public void A_name_says_how_its_file_is_compressed(string name, Compression expected) => Assert.Equal(expected, SourceName.CompressionOf(name));

    private static Task<IReadOnlyList<SourceFile>> ListAsync(IReadOnlyList<string> sources, DatasetFormat format) =>
        SourceCatalog.Create(new SourceSettings(), TimeProvider.System).ListAsync(sources, format, SpecPaths.Sources, TestContext.Current.CancellationToken);
}
