using Distil.Core.Errors;
using Distil.Core.Sources;
using System.IO.Compression;
using System.Text;
using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using Distil.Trainer.Tests.Training;
using ZstdSharp;

namespace Distil.Trainer.Tests.Datasets.Sources;

/// <summary>Memory does not grow with the corpus: what is alive while it is read stays far below what is read.</summary>
[Collection(AloneCollection.Name)]
public sealed class StreamingTests : IDisposable
{
    private const int Documents = 40_000;
    private const int Looks = 8;
    private const long MaxAlive = 24 << 20;

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-streaming-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("corpus.txt", DatasetFormat.Text)]
    [InlineData("corpus.jsonl.gz", DatasetFormat.Jsonl)]
    [InlineData("corpus.jsonl.zst", DatasetFormat.Jsonl)]
    [InlineData("corpus.parquet", DatasetFormat.Parquet)]
    public async Task A_hundred_megabytes_are_read_with_a_few_alive(string name, DatasetFormat format)
    {
        var path = Path.Combine(_folder, name);
        await WriteAsync(path, format);
        var (before, most, read, bytes) = (GC.GetTotalMemory(forceFullCollection: true), 0L, 0, 0L);
        foreach (var document in new Documents(format, "text", 1000).Read(new SourceRange(path, 0, new FileInfo(path).Length)))
        {
            bytes += document.Bytes;
            if (++read % (Documents / Looks) == 0)
            {
                most = Math.Max(most, GC.GetTotalMemory(forceFullCollection: true) - before);
            }
        }

        Assert.Equal(Documents, read);
        Assert.InRange(bytes, 95_000_000, 150_000_000);
        Assert.InRange(most, 0, MaxAlive);
    }

    [Theory]
    [InlineData("line.txt", DatasetFormat.Text)]
    [InlineData("line.jsonl", DatasetFormat.Jsonl)]
    public async Task A_line_without_an_end_is_refused_before_it_fills_the_memory(string name, DatasetFormat format)
    {
        var path = Path.Combine(_folder, name);
        var text = new byte[400 << 20];
        text.AsSpan().Fill((byte)'a');
        await File.WriteAllBytesAsync(path, text, TestContext.Current.CancellationToken);
        var before = GC.GetTotalAllocatedBytes();
        var error = Assert.Throws<InvalidInputException>(() => new Documents(format, "text", 1000).Read(new SourceRange(path, 0, text.Length)).Count());
        Assert.Contains($"{path}: has a document of more than 64 MiB", error.Message, StringComparison.Ordinal);
        Assert.InRange(GC.GetTotalAllocatedBytes() - before, 0, 300 << 20);
    }

    private static async Task WriteAsync(string path, DatasetFormat format)
    {
        if (format == DatasetFormat.Parquet)
        {
            await FineWebFile.WriteAsync(path, Enumerable.Range(0, Documents).Select(Text), rowGroup: 1000);
            return;
        }

        await using var file = File.Create(path);
        await using Stream packed = Path.GetExtension(path) switch
        {
            ".gz" => new GZipStream(file, CompressionLevel.Fastest),
            ".zst" => new CompressionStream(file),
            _ => new BufferedStream(file),
        };
        for (var i = 0; i < Documents; i++)
        {
            var line = format == DatasetFormat.Text ? $"{Text(i)}\n" : $"{{\"text\": \"{Text(i)}\"}}\n";
            await packed.WriteAsync(Encoding.UTF8.GetBytes(line));
        }
    }

    private static string Text(int i) => string.Concat(Enumerable.Repeat($"Document {i} says a little and then the same again. ", 50));
}
