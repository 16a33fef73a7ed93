using Distil.Core.Sources;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets.Sources;

public sealed class ParquetColumnTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-parquet-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Row_groups_of_any_ranges_give_every_row_of_FineWebs_layout_once_and_in_order()
    {
        var path = At("a.parquet");
        var texts = Enumerable.Range(0, 1000).Select(i => $"Document {i} — {new string('é', i % 50)}").ToList();
        await FineWebFile.WriteAsync(path, texts, rowGroup: 30);
        var length = new FileInfo(path).Length;
        Gen.Long[0, length].Array[0, 6].Each(
            cuts =>
            {
                long[] edges = [0, .. cuts.Order(), length];
                Assert.Equal(texts, edges.Zip(edges.Skip(1)).SelectMany(range => Read(path, range.First, range.Second)).Select(document => document.Text!));
            },
            count: 20);
    }

    [Fact]
    public async Task Nulls_and_bytes_that_are_not_UTF_8_are_faults_with_their_row()
    {
        var path = At("a.parquet");
        await FineWebFile.WriteAsync(path, ["good"u8.ToArray(), null, new byte[] { 0xC3, 0x28 }, ""u8.ToArray(), null], rowGroup: 2);
        var documents = Read(path);
        Assert.Equal(
            [DocumentFault.None, DocumentFault.WithoutText, DocumentFault.NotUtf8, DocumentFault.None, DocumentFault.WithoutText],
            documents.Select(each => each.Fault));
        Assert.Equal($"{path}: row 1: column text is null", documents[1].Complaint());
        Assert.Equal($"{path}: row 2: is not UTF-8", documents[2].Complaint());
        Assert.Equal($"{path}: row 4: column text is null", documents[4].Complaint());
        Assert.True(documents[3].IsEmpty);
    }

    [Fact]
    public async Task A_missing_column_is_a_fault_of_each_row_and_says_what_there_is()
    {
        var path = At("a.parquet");
        await FineWebFile.WriteAsync(path, [.. Enumerable.Repeat("x"u8.ToArray(), 3)], rowGroup: 2, textColumn: "texts");
        var documents = Read(path);
        Assert.Equal(3, documents.Count(document => document.Fault == DocumentFault.WithoutText));
        Assert.Equal(
            $"{path}: row 0: has no column text; it has texts, id, dump, url, date, file_path, language, language_score, token_count; did you mean texts?",
            documents[0].Complaint());
    }

    [Fact]
    public async Task A_column_without_strings_is_an_error()
    {
        await FineWebFile.WriteAsync(At("a.parquet"), ["x"]);
        var error = Assert.Throws<InvalidInputException>(() => Read(At("a.parquet"), column: "token_count"));
        Assert.Contains("a.parquet: column token_count holds Int64; expected strings", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_are_cut_short_damaged_or_no_Parquet_are_errors_that_name_them()
    {
        await FineWebFile.WriteAsync(At("a.parquet"), Enumerable.Range(0, 500).Select(i => $"Document {i}"));
        var bytes = File.ReadAllBytes(At("a.parquet"));
        foreach (var bad in new[] { bytes[..^7], bytes[..100], "no Parquet at all"u8.ToArray(), [], [.. bytes[..20], .. new byte[200], .. bytes[220..]] })
        {
            File.WriteAllBytes(At("bad.parquet"), bad);
            Assert.Contains("bad.parquet: ", Assert.Throws<InvalidInputException>(() => Read(At("bad.parquet"))).Message, StringComparison.Ordinal);
        }
    }

    private static List<Document> Read(string path, long start = 0, long? end = null, string column = "text") =>
        [.. new Documents(DatasetFormat.Parquet, column, 1000).Read(new SourceRange(path, start, end ?? new FileInfo(path).Length))];

    private string At(string name) => Path.Combine(_folder, name);
}
