using System.Text.Json;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Sources;

/// <summary>Decides from a file's name and its first bytes together what it contains. The plan, the jobs and all commands use it, and what contradicts is an
/// error: otherwise JSON, UTF-16 or an archive would be learned as text without a word.</summary>
public static class FileContent
{
    /// <summary>Number of first bytes that are examined, at most.</summary>
    public const int HeadBytes = 1 << 16;

    /// <summary>Number of first bytes, as stored, that show a kind of file.</summary>
    public const int SignatureBytes = FileSignatures.Bytes;

    /// <summary>So many lines of JSON objects are no accident.</summary>
    private const int JsonLines = 3;

    /// <summary>The format of a file for which no format is given: by its name, otherwise by its content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="head">Its first bytes, decompressed.</param>
    public static DatasetFormat FormatOf(string path, ReadOnlySpan<byte> head) =>
        SourceName.FormatOf(path) ?? (IsJson(head) ? DatasetFormat.Jsonl : DatasetFormat.Text);

    /// <summary>Throws if the stored bytes contradict the name's compression or the format.</summary>
    /// <param name="name">The file, for messages.</param>
    /// <param name="first">Its first bytes, as stored.</param>
    /// <param name="format">The format in which it is read.</param>
    /// <exception cref="InvalidInputException">They contradict.</exception>
    public static void RequireStored(string name, ReadOnlySpan<byte> first, DatasetFormat format)
    {
        var compression = SourceName.CompressionOf(name);
        if (first.IsEmpty)
        {
            if (compression != Compression.None)
            {
                throw new InvalidInputException($"{name}: is empty, which no compressed file is; expected the whole file");
            }

            return;
        }

        var kind = FileSignatures.Find(first);
        var expected = compression == Compression.Gzip ? FileSignatures.Gzip : FileSignatures.Zstd;
        if (GitLfs.IsPointer(first))
        {
            throw new InvalidInputException($"{name}: {GitLfs.Advice}");
        }

        if (compression != Compression.None && kind != expected)
        {
            throw new InvalidInputException(
                $"{name}: is {expected} by its name, but {kind ?? "none"} by its first bytes ({FileSignatures.Show(first)}); "
                + "expected a compressed file, or a name that says what it is");
        }

        if (compression == Compression.None && kind is FileSignatures.Gzip or FileSignatures.Zstd)
        {
            throw new InvalidInputException(
                $"{name}: is compressed by its first bytes; expected a name that ends with {(kind == FileSignatures.Gzip ? ".gz" : ".zst")}");
        }

        if (format == DatasetFormat.Parquet && kind != FileSignatures.Parquet)
        {
            throw new InvalidInputException(
                $"{name}: cannot be read as Parquet: by its first bytes ({FileSignatures.Show(first)}) it is {kind ?? "none"}; expected PAR1");
        }

        if (format != DatasetFormat.Parquet && compression == Compression.None && kind is not null)
        {
            throw new InvalidInputException($"{name}: is {kind} by its first bytes; expected {Words(format)}");
        }
    }

    /// <summary>Throws if the text at the beginning of a file is not UTF-8 or contradicts the format.</summary>
    /// <param name="name">The file, for messages.</param>
    /// <param name="head">Its first bytes, decompressed.</param>
    /// <param name="format">Text or JSONL.</param>
    /// <exception cref="InvalidInputException">They contradict.</exception>
    public static void RequireText(string name, ReadOnlySpan<byte> head, DatasetFormat format)
    {
        if (GitLfs.IsPointer(head))
        {
            throw new InvalidInputException($"{name}: {GitLfs.Advice}");
        }

        if (FileSignatures.Find(head) is { } kind)
        {
            throw new InvalidInputException($"{name}: contains {kind}; expected {Words(format)}");
        }

        if (TextEncodings.Find(head) is { } encoding)
        {
            throw new InvalidInputException($"{name}: is {encoding}; expected UTF-8 (for example by iconv -f UTF-16 -t UTF-8)");
        }

        if (format == DatasetFormat.Text && IsJson(head))
        {
            throw new InvalidInputException(
                $"{name}: is JSON by its content and would be read as text, its marks and names included; expected format jsonl and a name that "
                + "ends with .jsonl, or the text alone");
        }

        if (format == DatasetFormat.Jsonl && NotInLines(head) is { } form)
        {
            throw new InvalidInputException($"{name}: is {form}; expected one JSON object a line (for example by jq -c)");
        }
    }

    /// <summary>Whether a text is JSON objects, in lines or not.</summary>
    internal static bool IsJson(ReadOnlySpan<byte> head)
    {
        head = Trim(head);
        var (lines, objects) = (0, 0); // also of a part of a file, which begins inside an object
        foreach (var range in head.Split((byte)'\n'))
        {
            lines += Trim(head[range]).IsEmpty ? 0 : 1;
            objects += IsObject(head[range]) ? 1 : 0;
        }

        return (objects >= JsonLines && 2 * objects > lines) || (head is [(byte)'{' or (byte)'[', ..] && StartsAsJson(head));
    }

    // Valid JSON as far as it is there, with the name of at least one field.
    private static bool StartsAsJson(ReadOnlySpan<byte> head)
    {
        var options = new JsonReaderOptions { AllowMultipleValues = true, MaxDepth = 1000 };
        var reader = new Utf8JsonReader(JsonLine.WithoutNumberWords(head) ?? head, isFinalBlock: false, new JsonReaderState(options));
        var named = false;
        try
        {
            while (reader.Read())
            {
                named |= reader.TokenType == JsonTokenType.PropertyName;
            }
        }
        catch (JsonException)
        {
            return false;
        }

        return named;
    }

    private static string? NotInLines(ReadOnlySpan<byte> head)
    {
        head = Trim(head);
        if (head.IsEmpty)
        {
            return null;
        }

        if (head[0] == '[' && Trim(head[1..]) is [(byte)'{', ..] && StartsAsJson(head))
        {
            return "one JSON array";
        }

        // An object that is cut at the end of its line is followed by a line that begins the next one.
        return head[0] == '{' && head.IndexOf((byte)'\n') is var end and >= 0 && !IsObject(head[..end]) && Trim(head[end..]) is not [(byte)'{', ..]
            && StartsAsJson(head) ? "JSON whose objects take several lines" : null;
    }

    private static bool IsObject(ReadOnlySpan<byte> line)
    {
        line = Trim(line);
        if (line is not [(byte)'{', .., (byte)'}'])
        {
            return false;
        }

        try
        {
            var reader = new Utf8JsonReader(JsonLine.WithoutNumberWords(line) ?? line, new JsonReaderOptions { MaxDepth = 1000 });
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static ReadOnlySpan<byte> Trim(ReadOnlySpan<byte> text) => (text.StartsWith("\uFEFF"u8) ? text[3..] : text).Trim(" \t\r\n"u8);

    private static string Words(DatasetFormat format) => format switch
    {
        DatasetFormat.Text => "a text in UTF-8",
        DatasetFormat.Jsonl => "JSON lines in UTF-8",
        _ => "Parquet",
    };
}
