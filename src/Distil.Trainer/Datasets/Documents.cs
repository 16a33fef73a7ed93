using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Distil.Core.Runs;

namespace Distil.Trainer.Datasets;

/// <summary>A document: text to tokenise, or ids that are tokens already.</summary>
/// <param name="Text">Its text; null where it has ids.</param>
/// <param name="Ids">Its ids; null where it has text.</param>
/// <param name="Position">In [0, 1), from its bytes alone: below the eval share, it is held out.</param>
/// <param name="Bytes">Its length in the source.</param>
internal sealed record Document(string? Text, int[]? Ids, double Position, int Bytes)
{
    /// <value>Whether there is nothing in it to learn from.</value>
    internal bool IsEmpty => Ids is null ? string.IsNullOrWhiteSpace(Text) : Ids.Length == 0;
}

/// <summary>Streams the documents of a range of a file.</summary>
/// <param name="format">Text: a document a line. Jsonl: an object a line, with <c>ids</c> or the text field.</param>
/// <param name="textField">The JSONL field that holds a document.</param>
/// <param name="vocabularySize">Ids must be less.</param>
internal sealed class Documents(DatasetFormat format, string textField, int vocabularySize)
{
    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The documents whose first byte lies in the range, empty ones too. A blank line of JSONL is none.</summary>
    /// <exception cref="Distil.Core.Errors.InvalidInputException">A line is ill-formed; the message names file and line.</exception>
    internal IEnumerable<Document> Read(SourceRange range)
    {
        foreach (var line in SourceLines.Read(range))
        {
            if (format == DatasetFormat.Text)
            {
                yield return new Document(Decode(line), null, PositionOf(line), line.Bytes.Length);
            }
            else if (!line.Bytes.Span.Trim(" \t"u8).IsEmpty)
            {
                yield return Parse(line);
            }
        }
    }

    private Document Parse(SourceLine line)
    {
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
                return new Document(null, [.. ids.EnumerateArray().Select(id => Id(id, line))], PositionOf(line), line.Bytes.Length);
            }

            return root.TryGetProperty(textField, out var text) && text.ValueKind == JsonValueKind.String
                ? new Document(text.GetString(), null, PositionOf(line), line.Bytes.Length)
                : throw line.Error($"has neither a string \"{textField}\" nor an array \"ids\"");
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

    private static string Decode(SourceLine line)
    {
        try
        {
            return StrictUtf8.GetString(line.Bytes.Span);
        }
        catch (DecoderFallbackException e)
        {
            throw line.Error("is not UTF-8", e);
        }
    }

    private static double PositionOf(SourceLine line)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(line.Bytes.Span, hash);
        return (BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) * Math.ScaleB(1, -53);
    }
}
