using System.Text;
using System.Text.Json;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Measures on a file's first lines what share of chat data an assistant says: a plan reads no more of them.</summary>
internal static class AnswerDensity
{
    private const int HeadBytes = 1 << 18;

    /// <summary>Share of a dataset's bytes that are answers which count, of its first file that shows it; null if none does: they are remote, compressed or
    /// Parquet.</summary>
    public static double? Of(IEnumerable<ShardSource> shards, ChatSpec chat) => shards.SelectMany(shard => shard.Ranges)
        .Where(range => range.Start == 0 && SourceName.IsOf(range.Path, DatasetFormat.Jsonl) && SourceName.CompressionOf(range.Path) == Compression.None)
        .Where(range => File.Exists(range.Path))
        .Select(range => Measure(Head(range.Path), chat)).FirstOrDefault(share => share is not null);

    private static byte[] Head(string path)
    {
        var head = new byte[HeadBytes];
        using var file = InputFile.Open(path);
        return head[..file.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false)];
    }

    private static double? Measure(ReadOnlyMemory<byte> head, ChatSpec chat)
    {
        var (all, answers) = (0L, 0L);
        while (head.Span.IndexOf((byte)'\n') is var end and >= 0)
        {
            all += end + 1;
            answers += AnswerBytes(head[..end], chat);
            head = head[(end + 1)..];
        }

        return answers > 0 ? answers / (double)all : null;
    }

    private static int AnswerBytes(ReadOnlyMemory<byte> line, ChatSpec chat)
    {
        try
        {
            using var json = JsonLine.Parse(line);
            var row = json.RootElement;
            var list = new[] { chat.Field, "messages", "conversations", "completion" }.OfType<string>().Select(name => Field(row, name)).FirstOrDefault(IsList);
            return IsList(list) ? list.EnumerateArray().Sum(MessageBytes) : TextBytes(Field(row, "completion")) + TextBytes(Field(row, "output"));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return 0; // the job that reads it says so
        }
    }

    private static int MessageBytes(JsonElement message) =>
        IsAnswer(message)
        && Field(message, "loss").ValueKind != JsonValueKind.False && !(Field(message, "weight") is { ValueKind: JsonValueKind.Number } weight && weight.GetDouble() == 0)
            ? TextBytes(Field(message, "content")) + TextBytes(Field(message, "value"))
            : 0;

    private static bool IsAnswer(JsonElement message) => TextOf(Field(message, "role")) is { } role
        ? ChatSpeakers.IsAnswer(role)
        : ChatSpeakers.ShareGpt.GetValueOrDefault(TextOf(Field(message, "from")) ?? "") == "assistant";

    private static JsonElement Field(JsonElement owner, string name) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(name, out var value) ? value : default;

    private static bool IsList(JsonElement value) => value.ValueKind == JsonValueKind.Array;

    private static string? TextOf(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static int TextBytes(JsonElement value) => TextOf(value) is { } text ? Encoding.UTF8.GetByteCount(text) : 0;
}
