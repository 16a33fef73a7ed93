using System.IO.Compression;
using System.Text;
using System.Text.Json;
using CsCheck;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;
using Distil.Trainer.Tests.Datasets.Sources;
using ZstdSharp;

namespace Distil.Trainer.Tests.Datasets;

/// <summary>Damaged files of documents in every format; what is read must be what a second, simple reader finds.</summary>
public sealed class DocumentsFuzzTests : IDisposable
{
    private const string Lines = """
        {"text": "Mira found the boat.", "id": 1, "score": 0.5}
        {"text": "Otto \u00e9\ud83d\ude00 laughed.", "ids": [1, 2]}

        {"ids": [1, 2, 3], "score": NaN}
        {"text": null}
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-fuzz-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public Task Text_is_what_its_lines_are() => Hostile.EndsInAsync<InvalidInputException>(
        Gen.OneOf(Mutations.Of(Encoding.UTF8.GetBytes("Mira found the boat.\r\nIt was é red 😀.\n\nEnd")), Mutations.Arbitrary), bytes =>
        {
            var expected = Encoding.UTF8.GetString(bytes.AsSpan().StartsWith("\uFEFF"u8) ? bytes.AsSpan(3) : bytes).Split('\n')
                .Select(line => line.EndsWith('\r') ? line[..^1] : line).ToList();
            var read = Read("a.txt", bytes, DatasetFormat.Text).ToList();
            Assert.InRange(expected.Count - read.Count, 0, 1); // a last line end begins no line
            Assert.All(read.Zip(expected), pair =>
                Assert.True(pair.First.Text is { } text ? text == pair.Second : pair.Second.Contains('\uFFFD', StringComparison.Ordinal)));
        });

    [Fact]
    public Task JSON_lines_are_what_a_second_reader_finds() => Hostile.EndsInAsync<InvalidInputException>(
        Gen.OneOf(Mutations.Of(Encoding.UTF8.GetBytes(Lines)), Mutations.OfJson("""{"text": "a", "ids": [1], "more": {"x": 1}}""").Select(Encoding.UTF8.GetBytes)),
        bytes =>
        {
            foreach (var document in Read("a.jsonl", bytes, DatasetFormat.Jsonl).Where(document => document.Text is not null))
            {
                var text = JsonEncodedText.Encode(document.Text!).ToString();
                Assert.Equal(document.Text, JsonSerializer.Deserialize<string>($"\"{text}\""));
                Assert.DoesNotContain(document.Text!.EnumerateRunes(), rune => rune == Rune.ReplacementChar && !Encoding.UTF8.GetString(bytes).Contains('\uFFFD')
                    && !Encoding.UTF8.GetString(bytes).Contains("\\u", StringComparison.Ordinal));
            }
        });

    [Theory]
    [InlineData("""{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": [{"text": "b", "loss": false}, "c"], "weight": 1}], "tools": "[]"}""")]
    [InlineData("""{"conversations": [{"from": "human", "value": "a"}, {"from": "gpt", "value": "b", "loss": true}], "system": "c"}""")]
    [InlineData("""{"prompt": "a", "completion": [{"role": "assistant", "content": "b", "tool_calls": [{"x": 1}]}], "chat_template_kwargs": {"y": [2]}}""")]
    [InlineData("""{"instruction": "a", "input": "b", "output": "c"}""")]
    public Task Rows_of_chats_are_read_or_refused(string row) => Hostile.EndsInAsync<InvalidInputException>(
        Gen.OneOf(Mutations.Of(Encoding.UTF8.GetBytes(row)), Mutations.OfJson(row).Select(Encoding.UTF8.GetBytes)), bytes =>
        {
            File.WriteAllBytes(Path.Combine(_folder, "c.jsonl"), bytes);
            var range = new SourceRange(Path.Combine(_folder, "c.jsonl"), 0, bytes.Length);
            foreach (var document in new Documents(DatasetFormat.Jsonl, "text", 100, chat: new ChatSpec()).Read(range))
            {
                Assert.NotEqual(document.Chat is null, document.Fault == DocumentFault.None);
                Assert.All(document.Chat?.Messages ?? [], message => Assert.NotNull((string?)message.Fields["content"]));
                document.Chat?.First(document.Chat.Messages.Count).ToJsonString();
            }
        });

    [Theory]
    [InlineData("a.txt.gz")]
    [InlineData("a.jsonl.zst")]
    public Task Packed_text_is_read_or_refused(string name)
    {
        var text = Encoding.UTF8.GetBytes(name.Contains("json", StringComparison.Ordinal) ? Lines : string.Concat(Enumerable.Repeat("Mira found the boat.\n", 50)));
        using var packed = new MemoryStream();
        using (Stream pack = name.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true)
            : new CompressionStream(packed, leaveOpen: true))
        {
            pack.Write(text);
        }

        return Hostile.EndsInAsync<InvalidInputException>(Mutations.Of(packed.ToArray()), bytes =>
            Read(name, bytes, name.Contains("json", StringComparison.Ordinal) ? DatasetFormat.Jsonl : DatasetFormat.Text).Count());
    }

    [Fact]
    public Task Parquet_is_read_or_refused() => Hostile.EndsInAsync<InvalidInputException>(
        Gen.OneOf(Mutations.Of([.. "PAR1"u8, .. new byte[40], 8, 0, 0, 0, .. "PAR1"u8]), Mutations.Arbitrary),
        bytes => Read("a.parquet", bytes, DatasetFormat.Parquet).Count());

    [Fact]
    public async Task Damaged_Parquet_is_read_or_refused()
    {
        var path = Path.Combine(_folder, "whole.parquet");
        await FineWebFile.WriteAsync(path, ["Mira found the boat.", "Otto laughed.", "Mira found the boat."], rowGroup: 2);
        await Hostile.EndsInAsync<InvalidInputException>(
            Mutations.Of(await File.ReadAllBytesAsync(path, TestContext.Current.CancellationToken)),
            bytes => Read("a.parquet", bytes, DatasetFormat.Parquet).Count());
    }

    private IEnumerable<Document> Read(string name, byte[] bytes, DatasetFormat format)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllBytes(path, bytes);
        return new Documents(format, "text", 1000).Read(new SourceRange(path, 0, bytes.Length));
    }
}
