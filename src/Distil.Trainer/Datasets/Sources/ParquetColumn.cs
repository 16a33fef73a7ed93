using System.Text;
using System.Text.Unicode;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Parquet;
using Parquet.Schema;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Streams one column of the row groups that begin in a range; apart from the footer, nothing else of the file is read.</summary>
/// <remarks>
/// One row group is in memory at a time, never the file. Values are read as bytes, so that text which is not UTF-8 is detected, not repaired. The reader is
/// asynchronous, but a job's process has nothing else to do, so it blocks.
/// </remarks>
/// <param name="open">Opens files.</param>
/// <param name="column">The column of texts.</param>
internal sealed class ParquetColumn(SourceOpener open, string column)
{
    // Rows that repeat a text take a fraction of a byte each.
    private const int AlwaysAllowedRows = 1 << 20, MaxRowsPerByte = 64;

    /// <summary>Returns the documents of the range, one per row.</summary>
    /// <exception cref="InvalidInputException">The file is damaged or no Parquet file, or the column does not contain strings.</exception>
    internal IEnumerable<Document> Read(SourceRange range)
    {
        using Stream file = open.Open(range) switch { FileStream local => local, var remote => new KeptChunk(remote) };
        RequireParquet(range, file);
        var reader = Try(range, () => OpenAsync(file));
        try
        {
            // The library reads the schema and the row groups when they are first asked for.
            var schema = Try(range, () => Task.FromResult(reader.Schema));
            var field = FieldIn(range, schema);
            var names = field is null ? MissingText.Describe("column", column, [.. schema.DataFields.Select(each => each.Path.ToString())]) : "";
            long row = 0;
            for (var group = 0; group < reader.RowGroupCount; group++)
            {
                var rows = Try(range, () => Task.FromResult(OpenGroup(reader, group, file.Length)));
                var start = Try(range, () => Task.FromResult(StartOf(rows)));
                if (start >= range.Start && start < range.End)
                {
                    var texts = field is null ? new byte[rows.RowCount][] : Try(range, () => TextsAsync(file, rows, field));
                    var read = start + (rows.RowGroup.TotalCompressedSize ?? 0) - range.Start;
                    for (var i = 0; i < texts.Length; i++)
                    {
                        yield return Parse(texts[i], $"{range.Name}: row ", row + i, names) with { Read = Math.Min(read, range.End - range.Start) };
                        texts[i] = null;
                    }
                }

                row += rows.RowCount;
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static void RequireParquet(SourceRange range, Stream file)
    {
        var first = new byte[FileContent.SignatureBytes];
        FileContent.RequireStored(range.Name, first.AsSpan(0, file.ReadAtLeast(first, first.Length, throwOnEndOfStream: false)), DatasetFormat.Parquet);
        file.Position = 0;
    }

    private static Task<ParquetReader> OpenAsync(Stream file)
    {
        ParquetFooter.Check(file);
        file.Position = 0;
        return ParquetReader.CreateAsync(new FiniteStream(file));
    }

    /// <summary>Opens a row group whose stated number of rows its file can hold: room for them is reserved before they are read.</summary>
    private static ParquetRowGroupReader OpenGroup(ParquetReader reader, int group, long fileBytes)
    {
        var rows = reader.OpenRowGroupReader(group);
        return rows.RowCount >= 0 && rows.RowCount <= MaxRows(fileBytes)
            ? rows
            : throw new InvalidDataException($"row group {group} states {rows.RowCount} rows in a file of {fileBytes} bytes");
    }

    private static long MaxRows(long fileBytes) => Math.Max(AlwaysAllowedRows, fileBytes * MaxRowsPerByte);

    private Document Parse(byte[]? text, string place, long row, string missing) =>
        text is null ? Document.Faulty(DocumentFault.WithoutText, () => $"{place}{row}: {(missing.Length > 0 ? missing : $"column {column} is null")}", 0)
        : !Utf8.IsValid(text) ? Document.Faulty(DocumentFault.NotUtf8, () => $"{place}{row}: is not UTF-8", text.Length)
        : new Document(Encoding.UTF8.GetString(text), null, Document.PositionOf(text), text.Length);

    private static async Task<byte[]?[]> TextsAsync(Stream file, ParquetRowGroupReader rows, DataField field)
    {
        if (rows.RowGroup.Columns.FirstOrDefault(chunk => chunk.MetaData is { } data && string.Join('.', data.PathInSchema) == field.Path.ToString())
            is { MetaData: { } column })
        {
            (file as KeptChunk)?.Keep(ParquetPages.StartOf(column), column.TotalCompressedSize);
            ParquetPages.Check(file, column, MaxRows(file.Length));
        }

        var texts = new byte[]?[rows.RowCount];
        await rows.ReadAsync(field, texts.AsMemory());
        return texts;
    }

    /// <summary>The column as a field of bytes; null if there is none.</summary>
    private DataField? FieldIn(SourceRange range, ParquetSchema schema)
    {
        var found = Array.Find(schema.DataFields, each => each.Path.ToString() == column);
        if (found is null)
        {
            return null;
        }

        if (found.ClrType != typeof(ReadOnlyMemory<char>) && found.ClrType != typeof(ReadOnlyMemory<byte>))
        {
            throw new InvalidInputException($"{range.Name}: column {column} holds {found.ClrType.Name}; expected strings");
        }

        var bytes = new DataField(column, typeof(byte[]), isNullable: found.IsNullable);
        _ = new ParquetSchema(bytes); // gives the field its path and levels
        return bytes;
    }

    /// <summary>The first byte of a row group's first page.</summary>
    private static long StartOf(ParquetRowGroupReader rows) => rows.RowGroup.Columns
        .Select(chunk => chunk.MetaData)
        .Min(data => data is null ? 0 : ParquetPages.StartOf(data));

    private static T Try<T>(SourceRange range, Func<Task<T>> read)
    {
        try
        {
            return read().GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not (OperationCanceledException or HttpRequestException or OutOfMemoryException or InvalidInputException))
        {
            throw new InvalidInputException($"{range.Name}: cannot be read as Parquet: {e.Message}", e);
        }
    }
}
