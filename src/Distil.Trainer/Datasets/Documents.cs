using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Trainer.Datasets.Chats;
using Distil.Trainer.Datasets.Sources;

namespace Distil.Trainer.Datasets;

/// <summary>Streams the documents of a range of a file.</summary>
/// <param name="format">Text: one document per line, or between two separators. Jsonl: one object per line, with the text field or <c>ids</c>. Parquet: one
/// row each, with the text column.</param>
/// <param name="textField">The JSONL field or Parquet column that contains a document.</param>
/// <param name="vocabularySize">Ids must be smaller.</param>
/// <param name="open">Opens files; null opens local files.</param>
/// <param name="separator">What ends a document of text; null for a line end.</param>
/// <param name="chat">How rows are read as conversations; null if they are texts.</param>
internal sealed class Documents(
    DatasetFormat format, string textField, int vocabularySize, SourceOpener? open = null, Separator? separator = null, ChatSpec? chat = null)
{
    private readonly ConversationReader? _conversations = chat is null ? null : new ConversationReader(chat);
    private readonly SourceLines _lines = new(open ?? SourceOpener.Local, format, format == DatasetFormat.Text ? separator : null);
    private readonly ParquetColumn _column = new(open ?? SourceOpener.Local, textField);

    /// <summary>Reads a whole local file whose format its name and content decide.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabularySize">Ids must be smaller.</param>
    /// <param name="chat">How rows are read as conversations; null if they are texts.</param>
    /// <exception cref="InvalidInputException">The file cannot be opened, its content contradicts its name, or it is a text and not rows of
    /// conversations.</exception>
    internal static (Documents Documents, SourceRange File) Of(string path, int vocabularySize, ChatSpec? chat = null)
    {
        SourceName.RequireRead(path, FieldPath.Named("a file"));
        var range = new SourceRange(path, 0, LocalSources.LengthOf(path));
        using var file = SourceOpener.Local.OpenText(range);
        var format = FileContent.FormatOf(path, file.Head());
        return chat is null || format != DatasetFormat.Text
            ? (new Documents(format, "text", vocabularySize, chat: chat), range)
            : throw new InvalidInputException($"{path}: is text; expected JSONL or Parquet, whose rows are conversations");
    }

    /// <summary>Returns the documents that begin in the range, including empty and faulty ones. A blank line of JSONL is not a document.</summary>
    /// <exception cref="InvalidInputException">A file is damaged or a line is not JSON; the message names file and line.</exception>
    internal IEnumerable<Document> Read(SourceRange range) => format == DatasetFormat.Parquet
        ? _conversations is null ? _column.Read(range) : new ParquetRows(open ?? SourceOpener.Local).Read(range).Select(row => OfRow(row, _conversations))
        : from line in _lines.Read(range)
          where format == DatasetFormat.Text || !line.Bytes.Span.Trim(" \t"u8).IsEmpty
          select Parse(line) with { Read = line.Read };

    /// <summary>As <see cref="Read"/>, but a document that cannot be used is an error.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="Read"/>, or if a document has a fault.</exception>
    internal IEnumerable<Document> ReadUsable(SourceRange range) =>
        Read(range).Select(document => document.Fault == DocumentFault.None ? document : throw new InvalidInputException(document.Complaint()!));

    private Document Parse(SourceLine line)
    {
        var bytes = line.Bytes.Span;
        return !Utf8.IsValid(bytes) ? Document.Faulty(DocumentFault.NotUtf8, () => line.Complaint("is not UTF-8"), bytes.Length)
            : format == DatasetFormat.Text ? new Document(Encoding.UTF8.GetString(bytes), null, Document.PositionOf(bytes), bytes.Length)
            : ParseJson(line);
    }

    private Document ParseJson(SourceLine line)
    {
        try
        {
            using var json = JsonLine.Parse(line.Bytes);
            var root = json.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw line.Error($"is a JSON {root.ValueKind.ToString().ToLowerInvariant()}; expected an object with {_conversations?.Expected ?? $"\"{textField}\" or \"ids\""}");
            }

            return _conversations is not null ? OfChat(root, _conversations, line.Bytes.Span, line.Complaint)
                : root.TryGetProperty(textField, out var text) ? OfText(text, line)
                : root.TryGetProperty("ids", out var ids) && ids.ValueKind == JsonValueKind.Array ? OfIds(ids, line)
                : WithoutText(line, [.. root.EnumerateObject().Select(field => field.Name)]);
        }
        catch (InvalidOperationException)
        {
            return Document.Faulty(DocumentFault.NotUtf8, () => line.Complaint(JsonLine.HalfPair), line.Bytes.Length);
        }
        catch (JsonException e)
        {
            throw line.Error($"is not well-formed JSON: {e.Message}", e);
        }
    }

    private static Document OfRow(ParquetRow row, ConversationReader conversations)
    {
        // The library replaces bytes that are not UTF-8.
        if (row.Json.Span.IndexOf("\uFFFD"u8) >= 0)
        {
            return Document.Faulty(DocumentFault.NotUtf8, () => row.Complaint("has bytes that are not UTF-8, or U+FFFD in their place"), row.Json.Length) with { Read = row.Read };
        }

        using var json = JsonDocument.Parse(row.Json);
        return OfChat(json.RootElement, conversations, row.Json.Span, row.Complaint) with { Read = row.Read };
    }

    private static Document OfChat(JsonElement root, ConversationReader conversations, ReadOnlySpan<byte> bytes, Func<string, string> complaint)
    {
        try
        {
            var (chat, missing) = conversations.Read(root, complaint);
            return chat is null
                ? Document.Faulty(DocumentFault.WithoutText, () => complaint(missing), bytes.Length)
                : new Document(null, null, Document.PositionOf(bytes), bytes.Length) { Chat = chat };
        }
        catch (ChatRowException wrong)
        {
            throw new InvalidInputException(complaint(wrong.Message), wrong);
        }
        catch (InvalidOperationException)
        {
            return Document.Faulty(DocumentFault.NotUtf8, () => complaint(JsonLine.HalfPair), bytes.Length);
        }
    }

    // The text wins over ids beside it: those may be anything, for instance the numbers of source documents.
    private Document OfText(JsonElement text, SourceLine line) => text.ValueKind switch
    {
        JsonValueKind.String => new Document(text.GetString(), null, Document.PositionOf(line.Bytes.Span), line.Bytes.Length),
        JsonValueKind.Null => WithoutText(line, [textField]),
        _ => throw line.Error($"{textField} is a JSON {text.ValueKind.ToString().ToLowerInvariant()}; expected a string"),
    };

    private Document OfIds(JsonElement ids, SourceLine line) =>
        new(null, [.. ids.EnumerateArray().Select(id => Id(id, line))], Document.PositionOf(line.Bytes.Span), line.Bytes.Length);

    private Document WithoutText(SourceLine line, IReadOnlyCollection<string> names) => Document.Faulty(
        DocumentFault.WithoutText, () => line.Complaint(MissingText.Describe("field", textField, names)), line.Bytes.Length);

    private int Id(JsonElement value, SourceLine line) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var id) && id >= 0 && id < vocabularySize
            ? id
            : throw line.Error($"ids: {value} is not a token; expected integers from 0 to {vocabularySize - 1}");
}
