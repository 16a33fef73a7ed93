using System.Text.Json;

namespace Distil.Core.Sources;

/// <summary>Parses a line of JSONL as Python writes it: RFC 8259 JSON and the literals NaN, Infinity and -Infinity, which become null.</summary>
/// <remarks>Python's json.dumps writes these literals by default, and every Python reader accepts them.</remarks>
public static class JsonLine
{
    /// <summary>What is wrong with a string for which the reader throws <see cref="InvalidOperationException"/>, for messages: an escape such as \ud83d
    /// alone.</summary>
    public const string HalfPair = "has half of a surrogate pair (\\ud800 to \\udfff alone), which is no character";

    /// <summary>As deep as Python's reader goes by default.</summary>
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 1000 };

    /// <summary>Parses a line.</summary>
    /// <param name="line">Its bytes, which must not change while the document is used.</param>
    /// <exception cref="JsonException">The line is not JSON.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> line)
    {
        try
        {
            return JsonDocument.Parse(line, Options);
        }
        catch (JsonException) when (WithoutNumberWords(line.Span) is { } read)
        {
            return JsonDocument.Parse(read, Options);
        }
    }

    /// <summary>The text with null in place of each NaN, Infinity and -Infinity outside strings; null if there is none.</summary>
    internal static byte[]? WithoutNumberWords(ReadOnlySpan<byte> json)
    {
        if (json.IndexOf("NaN"u8) < 0 && json.IndexOf("Infinity"u8) < 0)
        {
            return null;
        }

        var (read, found, at) = (new List<byte>(json.Length + 16), false, 0);
        while (at < json.Length)
        {
            var length = json[at] == '"' ? StringLength(json[at..]) : NumberWordLength(json[at..]);
            if (json[at] != '"' && length > 0)
            {
                read.AddRange("null"u8);
                found = true;
            }
            else
            {
                length = Math.Max(length, 1);
                read.AddRange(json.Slice(at, length));
            }

            at += length;
        }

        return found ? [.. read] : null;
    }

    private static int NumberWordLength(ReadOnlySpan<byte> json) =>
        json.StartsWith("NaN"u8) ? 3 : json.StartsWith("Infinity"u8) ? 8 : json.StartsWith("-Infinity"u8) ? 9 : 0;

    private static int StringLength(ReadOnlySpan<byte> json)
    {
        for (var at = 1; at < json.Length; at++)
        {
            if (json[at] == '\\')
            {
                at++;
            }
            else if (json[at] == '"')
            {
                return at + 1;
            }
        }

        return json.Length;
    }
}
