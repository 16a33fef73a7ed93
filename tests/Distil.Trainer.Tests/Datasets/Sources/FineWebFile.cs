using System.Text;
using Parquet;
using Parquet.Schema;

namespace Distil.Trainer.Tests.Datasets.Sources;

/// <summary>Writes Parquet files with the columns of FineWeb.</summary>
internal static class FineWebFile
{
    /// <summary>Writes one row for each text.</summary>
    /// <param name="path">Path of the file.</param>
    /// <param name="texts">The texts; null values and bytes that are not UTF-8 are written as they are.</param>
    /// <param name="rowGroup">Rows in a row group.</param>
    /// <param name="textColumn">Name of the column of texts.</param>
    public static async Task WriteAsync(string path, IReadOnlyList<byte[]?> texts, int rowGroup, string textColumn = "text")
    {
        var text = new DataField(textColumn, typeof(byte[]), isNullable: true);
        DataField[] words = [.. new[] { "id", "dump", "url", "date", "file_path", "language" }.Select(name => new DataField<string>(name))];
        var (score, count) = (new DataField<double>("language_score"), new DataField<long>("token_count"));
        await using var file = File.Create(path);
        await using var writer = await ParquetWriter.CreateAsync(
            new ParquetSchema([text, .. words, score, count]), file, new ParquetOptions { CompressionMethod = CompressionMethod.Snappy });
        foreach (var group in texts.Chunk(rowGroup))
        {
            using var rows = writer.CreateRowGroup();
            await rows.WriteAsync(text, group!);
            foreach (var word in words)
            {
                await rows.WriteAsync(word, [.. group.Select((_, i) => $"{word.Name} {i}")]);
            }

            await rows.WriteAsync<double>(score, group.Select(_ => 0.97).ToArray());
            await rows.WriteAsync<long>(count, group.Select(each => (each?.Length ?? 0) / 4L).ToArray());
        }
    }

    /// <summary>Writes well-formed texts in the same way.</summary>
    public static Task WriteAsync(string path, IEnumerable<string> texts, int rowGroup = 100) =>
        WriteAsync(path, [.. texts.Select(text => (byte[]?)Encoding.UTF8.GetBytes(text))], rowGroup);
}
