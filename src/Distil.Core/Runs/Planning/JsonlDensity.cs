using System.Text.Json;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Measures on a file's first lines what share of JSONL is text: other fields (HTML, embeddings) may be many times as long.</summary>
internal static class JsonlDensity
{
    private const int HeadBytes = 1 << 16;
    private const int LongHeadBytes = 1 << 20;

    /// <summary>Number of bytes for one byte of text; null if it is unknown: the file is remote, compressed or not JSONL, or no line of it has text.</summary>
    public static double? BytesPerTextByte(SourceFile file, DatasetSpec dataset)
    {
        if (dataset.Format != DatasetFormat.Jsonl || file.Compression != Compression.None || !File.Exists(file.Path))
        {
            return null;
        }

        return Measure(Head(file.Path, HeadBytes), dataset.TextField) ?? Measure(Head(file.Path, LongHeadBytes), dataset.TextField);
    }

    private static byte[] Head(string path, int bytes)
    {
        var head = new byte[bytes];
        using var file = InputFile.Open(path);
        return head[..file.ReadAtLeast(head, bytes, throwOnEndOfStream: false)];
    }

    private static double? Measure(ReadOnlyMemory<byte> head, string field)
    {
        var (all, text) = (0L, 0L);
        while (head.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            all += end + 1;
            text += TextBytes(head[..end], field);
            head = head[(end + 1)..];
        }

        return text > 0 ? all / (double)text : null;
    }

    private static int TextBytes(ReadOnlyMemory<byte> line, string field)
    {
        try
        {
            using var json = JsonLine.Parse(line);
            return json.RootElement.ValueKind == JsonValueKind.Object && json.RootElement.TryGetProperty(field, out var text)
                && text.ValueKind == JsonValueKind.String ? text.GetRawText().Length : 0;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return 0; // the job that reads it says so
        }
    }
}
