using System.Text;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Sources;

/// <summary>Name and content of a file are examined together: what contradicts is an error, never learned as text.</summary>
public sealed class FileContentTests
{
    private const string Object = """{"id": 1, "text": "Mira found the boat."}""";

    public static TheoryData<byte[], string> Encodings { get; } = new()
    {
        { [.. Encoding.Unicode.Preamble, .. Encoding.Unicode.GetBytes("Mira found\r\nthe boat.")], "UTF-16 by its first bytes (FF FE)" },
        { [.. Encoding.BigEndianUnicode.Preamble, .. Encoding.BigEndianUnicode.GetBytes("Mira")], "UTF-16 by its first bytes (FE FF)" },
        { [.. Encoding.UTF32.Preamble, .. Encoding.UTF32.GetBytes("Mira")], "UTF-32 by its first bytes (FF FE 00 00)" },
        { Encoding.Unicode.GetBytes("Mira found the boat."), "UTF-16 (little-endian): every second byte is NUL" },
        { Encoding.BigEndianUnicode.GetBytes("Mira found the boat."), "UTF-16 (big-endian): every second byte is NUL" },
        { [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 7], "no text: it contains many NUL bytes" },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Text_that_is_not_UTF_8_is_named_by_its_encoding(byte[] head, string message)
    {
        foreach (var format in new[] { DatasetFormat.Text, DatasetFormat.Jsonl })
        {
            Assert.Contains($"a: is {message}", Refusal(() => FileContent.RequireText("a", head, format)), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(Object + "\n" + Object + "\n")]
    [InlineData(Object)]
    [InlineData("\uFEFF\n " + Object)]
    [InlineData("{\n  \"text\": \"Mira\",\n  \"id\": 1\n}\n")]
    [InlineData("[\n{\"text\": \"Mira\"},\n{\"text\": \"Otto\"}\n]")]
    [InlineData("""[{"text": "Mira"}""")]
    [InlineData("""{"text": "a long text that is cut""")]
    [InlineData("{\"score\": NaN, \"text\": \"Mira\"}\n{\"score\": -Infinity, \"text\": \"NaN\"}\n")]
    [InlineData(Object + "\n" + Object + "\nbroken\n" + Object + "\n")]
    [InlineData("the mill\"}\n" + Object + "\n" + Object + "\n" + Object + "\n")] // the second part of a file that was split
    public void JSON_in_a_file_of_text_is_refused(string content) =>
        Assert.Contains("a.data: is JSON by its content", Refused(content, DatasetFormat.Text), StringComparison.Ordinal);

    [Theory]
    [InlineData("")]
    [InlineData("Mira found the boat.\n")]
    [InlineData("{Mira} found \"the boat\".\n")]
    [InlineData("[1] A footnote, {and} more.\n")]
    [InlineData("[\"one\", \"two\"]\n[1, 2, 3]\n")]
    [InlineData("{}\n")]
    [InlineData(Object + "\nis what the file had, said Mira.\n")]
    [InlineData("a\0b is a text with one NUL in it\n")]
    [InlineData("BZhang met PKzip and Obj-C\n")]
    public void Other_text_is_accepted(string content) => FileContent.RequireText("a.data", Encoding.UTF8.GetBytes(content), DatasetFormat.Text);

    [Theory]
    [InlineData("[\n{\"text\": \"Mira\"}]", "one JSON array")]
    [InlineData("""[ {"text": "Mira"}, {"text": "Otto"}]""", "one JSON array")]
    [InlineData("{\n  \"text\": \"Mira\"\n}\n", "JSON whose objects take several lines")]
    public void JSON_that_is_not_in_lines_is_refused_as_JSONL(string content, string message) =>
        Assert.Contains($"a.data: is {message}; expected one JSON object a line", Refused(content, DatasetFormat.Jsonl), StringComparison.Ordinal);

    [Theory]
    [InlineData(Object)]
    [InlineData(Object + "\n" + Object)]
    [InlineData("\n\n" + Object)]
    [InlineData("{\"text\": \n" + Object)]
    [InlineData("")]
    public void JSON_lines_are_accepted_and_left_to_their_reader(string content) =>
        FileContent.RequireText("a", Encoding.UTF8.GetBytes(content), DatasetFormat.Jsonl);

    [Theory]
    [InlineData("a.txt", new byte[] { 0x1F, 0x8B, 8, 0 }, "is compressed by its first bytes; expected a name that ends with .gz")]
    [InlineData("a.jsonl", new byte[] { 0x28, 0xB5, 0x2F, 0xFD }, "is compressed by its first bytes; expected a name that ends with .zst")]
    [InlineData("a.txt", new byte[] { 0x50, 0x2A, 0x4D, 0x18 }, "is compressed by its first bytes; expected a name that ends with .zst")]
    [InlineData("a.txt.gz", new byte[] { 0x28, 0xB5, 0x2F, 0xFD }, "is a gzip file by its name, but a Zstandard file by its first bytes (28 B5 2F FD)")]
    [InlineData("a.txt.zst", new byte[] { 65, 66, 67 }, "is a Zstandard file by its name, but none by its first bytes (41 42 43)")]
    [InlineData("a.txt", new byte[] { 80, 65, 82, 49, 21 }, "is a Parquet file by its first bytes; expected a text in UTF-8")]
    [InlineData("a.jsonl", new byte[] { 80, 75, 3, 4, 20 }, "is a zip archive by its first bytes; expected JSON lines in UTF-8")]
    public void Stored_bytes_that_contradict_the_name_are_refused(string name, byte[] first, string message) =>
        Assert.Contains($"{name}: {message}", Refusal(() => FileContent.RequireStored(name, first, FileContent.FormatOf(name, []))), StringComparison.Ordinal);

    [Fact]
    public void A_pointer_of_Git_LFS_is_named_in_every_format()
    {
        var pointer = Encoding.UTF8.GetBytes("version https://git-lfs.github.com/spec/v1\noid sha256:aa\nsize 5\n");
        foreach (var format in Enum.GetValues<DatasetFormat>())
        {
            Assert.Contains("Git LFS pointer", Refusal(() => FileContent.RequireStored("a.parquet", pointer, format)), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_tar_archive_inside_a_compressed_file_is_named()
    {
        var header = new byte[512];
        Encoding.ASCII.GetBytes("docs/a.txt").CopyTo(header, 0);
        Encoding.ASCII.GetBytes("ustar").CopyTo(header, 257);
        Assert.Contains("contains a tar archive", Refusal(() => FileContent.RequireText("a.txt.gz", header, DatasetFormat.Text)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("c4-train.00000.json.gz", DatasetFormat.Jsonl)]
    [InlineData("a.NDJSON", DatasetFormat.Jsonl)]
    [InlineData("a.jsonl.zst", DatasetFormat.Jsonl)]
    [InlineData("https://h.org/a.parquet?sig=.txt", DatasetFormat.Parquet)]
    [InlineData("a.txt.gz", DatasetFormat.Text)]
    public void The_name_before_the_compression_tells_the_format(string path, DatasetFormat format) =>
        Assert.Equal(format, FileContent.FormatOf(path, "no matter"u8));

    [Fact]
    public void The_content_tells_the_format_if_the_name_does_not()
    {
        Assert.Equal(DatasetFormat.Jsonl, FileContent.FormatOf("a.data", Encoding.UTF8.GetBytes(Object)));
        Assert.Equal(DatasetFormat.Text, FileContent.FormatOf("a.data", "Mira found the boat."u8));
    }

    [Theory]
    [InlineData("a.json", DatasetFormat.Text, "is JSONL by its name and dataset.format is text; expected dataset.format jsonl")]
    [InlineData("a.ndjson.gz", DatasetFormat.Text, "expected dataset.format jsonl")]
    [InlineData("a.json.zst", DatasetFormat.Parquet, "expected dataset.format jsonl")]
    [InlineData("a.parquet", DatasetFormat.Jsonl, "expected dataset.format parquet")]
    [InlineData("a.tar.gz", DatasetFormat.Text, "ends with .tar, which is not read")]
    [InlineData("a.csv", DatasetFormat.Text, "ends with .csv, which is not read")]
    [InlineData("a.jsonl.bz2", DatasetFormat.Jsonl, "ends with .bz2, which is not read")]
    public void A_name_that_contradicts_the_format_is_refused(string path, DatasetFormat format, string message) =>
        Assert.Contains(message, Refusal(() => SourceName.RequireFits(path, format, SpecPaths.Sources)), StringComparison.Ordinal);

    private static string Refused(string content, DatasetFormat format) =>
        Refusal(() => FileContent.RequireText("a.data", Encoding.UTF8.GetBytes(content), format));

    private static string Refusal(Action read) => Assert.Throws<InvalidInputException>(read).Message;
}
