using Distil.Core.Sources;
using System.IO.Compression;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Trainer.Datasets;
using ZstdSharp;

namespace Distil.Trainer.Tests.Datasets.Sources;

public sealed class StoredTextTests : IDisposable
{
    private static readonly string[] Lines = [.. Enumerable.Range(0, 5000).Select(i => $"line {i} {new string('ä', i % 90)}")];

    private readonly string _folder = Directory.CreateTempSubdirectory("distil-stored-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData("a.txt")]
    [InlineData("a.txt.gz")]
    [InlineData("a.txt.zst")]
    public void A_files_lines_are_the_same_however_it_is_stored(string name)
    {
        Assert.Equal(Lines, Read(Write(name, Lines)).Select(document => document.Text!));
    }

    [Theory]
    [InlineData("a.txt.gz")]
    [InlineData("a.txt.zst")]
    public void Members_one_after_the_other_are_one_text(string name)
    {
        var path = Write(name, Lines[..1000]);
        File.AppendAllBytes(path, File.ReadAllBytes(Write("b" + name, Lines[1000..])));
        Assert.Equal(Lines, Read(path).Select(document => document.Text!));
    }

    [Theory]
    [InlineData("a.txt.gz")]
    [InlineData("a.txt.zst")]
    public void A_packed_file_that_is_cut_short_or_damaged_is_an_error_that_names_it(string name)
    {
        var bytes = File.ReadAllBytes(Write(name, Lines));
        // Zstandard has a checksum only if its writer asks for one.
        byte[][] flipped = name.EndsWith(".gz", StringComparison.Ordinal) ? [[.. bytes[..^6], (byte)(bytes[^6] ^ 1), .. bytes[^5..]]] : [];
        foreach (var bad in (byte[][])[bytes[..(bytes.Length / 2)], bytes[..^5], .. flipped])
        {
            File.WriteAllBytes(At(name), bad);
            var message = Assert.Throws<InvalidInputException>(() => Read(At(name))).Message;
            Assert.Contains($"{name}: is damaged or cut short", message, StringComparison.Ordinal);
            Assert.DoesNotContain("compression method", message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(1, "a line that was appended\n")]
    [InlineData(1, "\n")]
    [InlineData(1, "\0\0\0\0x")]
    [InlineData(1000, "a longer rest of the file\n")] // beyond the decompressor's buffer
    public void What_follows_the_gzip_data_is_an_error_and_not_passed_over(int times, string rest)
    {
        var path = Write("a.txt.gz", Lines);
        File.AppendAllText(path, string.Concat(Enumerable.Repeat(rest, times)));
        Assert.Contains("a.txt.gz: has bytes after its gzip data", Assert.Throws<InvalidInputException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_second_member_whose_beginning_is_damaged_is_an_error()
    {
        var path = Write("a.txt.gz", Lines[..1000]);
        var second = File.ReadAllBytes(Write("b.txt.gz", Lines[1000..]));
        second[0] ^= 1;
        File.AppendAllBytes(path, second);
        Assert.Contains("a.txt.gz: has bytes after its gzip data", Assert.Throws<InvalidInputException>(() => Read(path)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20_000)]
    public void Zeros_after_the_gzip_data_are_no_data(int zeros)
    {
        var path = Write("a.txt.gz", Lines);
        File.AppendAllBytes(path, new byte[zeros]);
        Assert.Equal(Lines, Read(path).Select(document => document.Text!));
    }

    [Theory]
    [InlineData("a.txt.gz")]
    [InlineData("a.txt.zst")]
    public void An_empty_file_is_no_compressed_one(string name)
    {
        File.WriteAllBytes(At(name), []);
        Assert.Contains($"{name}: is empty, which no compressed file is", Assert.Throws<InvalidInputException>(() => Read(At(name))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zstandard_with_a_dictionary_is_said_to_be_that()
    {
        var texts = Enumerable.Range(0, 200).Select(i => System.Text.Encoding.UTF8.GetBytes($"Mara found a red stone number {i} near the river.\n")).ToArray();
        using var compressor = new Compressor();
        compressor.LoadDictionary(DictBuilder.TrainFromBuffer(texts, 1024));
        File.WriteAllBytes(At("a.txt.zst"), compressor.Wrap(texts[7]).ToArray());
        Assert.Contains("a.txt.zst: was compressed with a dictionary", Assert.Throws<InvalidInputException>(() => Read(At("a.txt.zst"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.txt.gz", "is a gzip file by its name")]
    [InlineData("a.txt.zst", "is a Zstandard file by its name")]
    public void A_file_that_is_called_packed_and_is_not_is_an_error(string name, string message)
    {
        File.WriteAllText(At(name), "just text\n");
        Assert.Contains(message, Assert.Throws<InvalidInputException>(() => Read(At(name))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Zstandard_is_read_with_the_longest_window_that_it_has()
    {
        var path = Write("a.txt.zst", []);
        using (var file = File.Create(path))
        using (var packed = new CompressionStream(file))
        {
            packed.SetParameter(ZstdSharp.Unsafe.ZSTD_cParameter.ZSTD_c_windowLog, 31);
            packed.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(Lines.Select(line => line + "\n"))));
        }

        Assert.Equal((31 - 10) << 3, File.ReadAllBytes(path)[5]); // the frame's window descriptor (RFC 8878, 3.1.1.1.2)
        Assert.Equal(Lines, Read(path).Select(document => document.Text!));
    }

    [Fact]
    public void The_beginning_of_the_text_is_examined_before_any_of_it_is_returned()
    {
        foreach (var (name, content) in new[] { ("a.txt", "{\"text\": \"Mira\"}\n"), ("b.txt.gz", "[{\"text\": \"Mira\"}]\n") })
        {
            var path = Write(name, [content]);
            Assert.Contains($"{name}: is JSON by its content", Assert.Throws<InvalidInputException>(() => Read(path)).Message, StringComparison.Ordinal);
        }

        File.WriteAllBytes(At("c.txt"), [0xFF, 0xFE, .. System.Text.Encoding.Unicode.GetBytes("Mira\r\nOtto\r\n")]);
        Assert.Contains("c.txt: is UTF-16", Assert.Throws<InvalidInputException>(() => Read(At("c.txt"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(".gz")]
    [InlineData(".zst")]
    public void A_packed_file_that_is_not_called_so_is_an_error_with_the_name_expected(string extension)
    {
        File.Move(Write("a.txt" + extension, Lines), At("a.txt"));
        Assert.Contains(
            $"expected a name that ends with {extension}", Assert.Throws<InvalidInputException>(() => Read(At("a.txt"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_ill_formed_line_of_a_packed_file_is_named_by_its_number()
    {
        var path = Write("a.jsonl.gz", ["{\"text\": \"x\"}", "{\"text\": \"y\"}", "{"]);
        var error = Assert.Throws<InvalidInputException>(() => Read(path, DatasetFormat.Jsonl));
        Assert.Contains("a.jsonl.gz:3: is not well-formed JSON", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Progress_counts_the_bytes_as_they_are_stored()
    {
        var path = Write("a.txt.gz", Lines);
        var read = Read(path).Select(document => document.Read).ToList();
        Assert.Equal(read.Order(), read);
        Assert.InRange(read[^1], 1, new FileInfo(path).Length);
    }

    private static List<Document> Read(string path, DatasetFormat format = DatasetFormat.Text) =>
        [.. new Documents(format, "text", 1000).Read(new SourceRange(path, 0, new FileInfo(path).Length))];

    private string Write(string name, IEnumerable<string> lines)
    {
        using var file = File.Create(At(name));
        using Stream packed = Path.GetExtension(name) switch { ".gz" => new GZipStream(file, CompressionLevel.Fastest),
            ".zst" => new CompressionStream(file), _ => new BufferedStream(file) };
        packed.Write(System.Text.Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))));
        return At(name);
    }

    private string At(string name) => Path.Combine(_folder, name);
}
