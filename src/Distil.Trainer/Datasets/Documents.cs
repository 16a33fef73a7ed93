using Distil.Core.Sources;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Datasets;

/// <summary>Streams the documents of a range of a file.</summary>
/// <param name="format">Text: one document per line. Jsonl: one object per line, with <c>ids</c> or the text field. Parquet: one row each, with the text
/// column.</param>
/// <param name="textField">The JSONL field or Parquet column that contains a document.</param>
/// <param name="vocabularySize">Ids must be smaller.</param>
/// <param name="open">Opens files; null opens local files.</param>
internal sealed class Documents(DatasetFormat format, string textField, int vocabularySize, SourceOpener? open = null)
{
    private readonly SourceLines _lines = new(open ?? SourceOpener.Local);
    private readonly ParquetColumn _column = new(open ?? SourceOpener.Local, textField);

    /// <summary>Returns the documents that begin in the range, including empty and faulty ones. A blank line of JSONL is not a document.</summary>
    /// <exception cref="InvalidInputException">A file is damaged or a line is not JSON; the message names file and line.</exception>
    internal IEnumerable<Document> Read(SourceRange range) => format == DatasetFormat.Parquet
        ? _column.Read(range)
        : from line in _lines.Read(range)
          where format == DatasetFormat.Text || !line.Bytes.Span.Trim(" \t"u8).IsEmpty
          select Parse(line) with { Read = line.Read };

    /// <summary>As <see cref="Read"/>, but a document that cannot be used is an error.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="Read"/>, or if a document has a fault.</exception>
    internal IEnumerable<Document> ReadUsable(SourceRange range) =>
        Read(range).Select(document => document.Fault == DocumentFault.None ? document : throw new InvalidInputException(document.Complaint!));

    private Document Parse(SourceLine line)
    {
        var bytes = line.Bytes.Span;
        return !Utf8.IsValid(bytes) ? Document.Faulty(DocumentFault.NotUtf8, line.Complaint("is not UTF-8"), bytes.Length)
            : format == DatasetFormat.Text ? new Document(Encoding.UTF8.GetString(bytes), null, Document.PositionOf(bytes), bytes.Length)
            : ParseJson(line);
    }

    private Document ParseJson(SourceLine line)
    {
        var length = line.Bytes.Length;
        try
        {
            using var json = JsonDocument.Parse(line.Bytes);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw line.Error($"is a JSON {root.ValueKind.ToString().ToLowerInvariant()}; expected an object with \"{textField}\" or \"ids\"");
            }

            if (root.TryGetProperty("ids", out var ids) && ids.ValueKind == JsonValueKind.Array)
            {
                return new Document(null, [.. ids.EnumerateArray().Select(id => Id(id, line))], Document.PositionOf(line.Bytes.Span), length);
            }

            if (!root.TryGetProperty(textField, out var text) || text.ValueKind == JsonValueKind.Null)
            {
                var names = root.EnumerateObject().Select(field => field.Name).ToList();
                return Document.Faulty(DocumentFault.WithoutText, line.Complaint(MissingText.Describe("field", textField, names)), length);
            }

            return text.ValueKind == JsonValueKind.String
                ? new Document(text.GetString(), null, Document.PositionOf(line.Bytes.Span), length)
                : throw line.Error($"{textField} is a JSON {text.ValueKind.ToString().ToLowerInvariant()}; expected a string");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw line.Error($"is not well-formed JSON: {e.Message}", e);
        }
    }

    private int Id(JsonElement value, SourceLine line) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0 && id < vocabularySize
            ? id
            : throw line.Error($"ids: {value} is not a token; expected integers from 0 to {vocabularySize - 1}");
}
