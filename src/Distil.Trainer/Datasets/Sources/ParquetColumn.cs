using System.Text;
using System.Text.Unicode;
using Distil.Core.Errors;
using Distil.Core.Sources;
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
    /// <summary>Returns the documents of the range, one per row.</summary>
    /// <exception cref="InvalidInputException">The file is damaged or no Parquet file, or the column does not contain strings.</exception>
    internal IEnumerable<Document> Read(SourceRange range)
    {
        using var file = new ParquetSource(open, range);
        var field = FieldIn(range, file.Schema);
        var names = field is null ? MissingText.Describe("column", column, [.. file.Schema.DataFields.Select(each => each.Path.ToString())]) : "";
        foreach (var group in file.Groups())
        {
            var texts = field is null ? new byte[group.Rows.RowCount][] : file.Try(() => TextsAsync(file, group.Rows, field));
            for (var i = 0; i < texts.Length; i++)
            {
                yield return Parse(texts[i], $"{range.Name}: row ", group.FirstRow + i, names) with { Read = group.Read };
                texts[i] = null;
            }
        }
    }

    private Document Parse(byte[]? text, string place, long row, string missing) =>
        text is null ? Document.Faulty(DocumentFault.WithoutText, () => $"{place}{row}: {(missing.Length > 0 ? missing : $"column {column} is null")}", 0)
        : !Utf8.IsValid(text) ? Document.Faulty(DocumentFault.NotUtf8, () => $"{place}{row}: is not UTF-8", text.Length)
        : new Document(Encoding.UTF8.GetString(text), null, Document.PositionOf(text), text.Length);

    private static async Task<byte[]?[]> TextsAsync(ParquetSource file, ParquetRowGroupReader rows, DataField field)
    {
        if (rows.RowGroup.Columns.FirstOrDefault(chunk => chunk.MetaData is { } data && string.Join('.', data.PathInSchema) == field.Path.ToString())
            is { MetaData: { } column })
        {
            file.Check(column);
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
}
