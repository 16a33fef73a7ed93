using CsCheck;
using Distil.Core.Errors;
using Distil.Fuzzing;
using Distil.Trainer.Datasets;

namespace Distil.Trainer.Tests.Datasets;

public sealed class TokenRowsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("distil-rows-").FullName;

    private string FilePath => Path.Combine(_folder, "tokens.bin");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(65_536)]
    [InlineData(151_936)]
    public void Rows_read_as_they_were_written_at_either_width(int vocabularySize)
    {
        Write(vocabularySize, [0, 1, vocabularySize - 1], [5, 6, 7], [9]);
        using var rows = TokenRows.Open(FilePath);
        Assert.Equal((3, 3L, 7L), (rows.ContextLength, rows.Rows, rows.Tokens));
        var ids = new long[3];
        Assert.Equal(1, rows.ReadRow(2, ids));
        Assert.Equal([9, 0, 0], ids);
        Assert.Equal(3, rows.ReadRow(0, ids));
        Assert.Equal([0, 1, vocabularySize - 1], ids);
        Assert.Throws<ArgumentOutOfRangeException>(() => rows.ReadRow(3, new long[3]));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(151_936)]
    public void Rows_with_masks_may_all_be_short(int vocabularySize)
    {
        using (var writer = new TokenRowsWriter(FilePath, 10, vocabularySize, RowsForm.Masks))
        {
            writer.WriteRow(new LabelledTokens([7, 8, vocabularySize - 1], [false, true, false]));
            writer.WriteRow(new LabelledTokens([.. Enumerable.Range(0, 10)], [false, .. Enumerable.Repeat(true, 9)]));
            Assert.Throws<InvalidOperationException>(() => writer.WriteRow([1]));
            Assert.Throws<InvalidOperationException>(() => writer.WriteRow(new LabelledTokens([1], [true])));
            Assert.Equal(10, writer.Labels);
            writer.Complete();
        }

        using var rows = TokenRows.Open(FilePath);
        Assert.Equal((2L, 13L, true), (rows.Rows, rows.Tokens, rows.IsMasked));
        var (ids, counts) = (new long[10], new bool[10]);
        Assert.Equal(3, rows.ReadRow(0, ids));
        Assert.Equal([7, 8, vocabularySize - 1, 0, 0, 0, 0, 0, 0, 0], ids);
        rows.ReadMask(0, counts);
        Assert.Equal([1], counts.Index().Where(each => each.Item).Select(each => each.Index));
        Assert.Equal(10, rows.ReadRow(1, ids));
        rows.ReadMask(1, counts);
        Assert.Equal(9, counts.Count(each => each));
    }

    [Theory]
    [InlineData(100)]
    [InlineData(151_936)]
    public void Rows_with_documents_have_their_starts_and_masks(int vocabularySize)
    {
        var (tokens, starts) = (Enumerable.Range(0, 10).ToArray(), new bool[10]);
        (starts[0], starts[8], starts[9]) = (true, true, true);
        using (var writer = new TokenRowsWriter(FilePath, 10, vocabularySize, RowsForm.Documents))
        {
            writer.WriteRow(new LabelledTokens([7, 8, 9], [false, false, true], [true, false, false]));
            writer.WriteRow(new LabelledTokens(tokens, null, starts));                                    // all count but the first of each document
            Assert.Throws<InvalidOperationException>(() => writer.WriteRow(new LabelledTokens([1, 2], [false, true])));
            Assert.Throws<InvalidOperationException>(() => writer.WriteRow(new LabelledTokens([1, 2], [false, true], [true, true])));
            Assert.Throws<InvalidOperationException>(() => writer.WriteRow(new LabelledTokens([1, 2], null, [false, true])));
            Assert.Equal(8, writer.Labels);
            writer.Complete();
        }

        using var rows = TokenRows.Open(FilePath);
        Assert.Equal((2L, 13L, true, true), (rows.Rows, rows.Tokens, rows.IsMasked, rows.HasDocuments));
        Assert.Equal([0..3], rows.DocumentsOf(0));
        Assert.Equal([0..8, 8..9, 9..10], rows.DocumentsOf(1));
        var counts = new bool[10];
        rows.ReadMask(1, counts);
        Assert.Equal(starts.Select(start => !start), counts);
    }

    [Fact]
    public void A_file_without_rows_is_a_file()
    {
        Write(100);
        using var rows = TokenRows.Open(FilePath);
        Assert.Equal((0L, 0L), (rows.Rows, rows.Tokens));
    }

    [Fact]
    public void Only_the_last_row_may_be_short()
    {
        using var writer = new TokenRowsWriter(FilePath, 3, 100);
        writer.WriteRow([1, 2]);
        Assert.Throws<InvalidOperationException>(() => writer.WriteRow([1, 2, 3]));
    }

    [Fact]
    public void An_unfinished_file_leaves_nothing()
    {
        using (var writer = new TokenRowsWriter(FilePath, 3, 100))
        {
            writer.WriteRow([1, 2, 3]);
        }

        Assert.Empty(Directory.GetFiles(_folder));
    }

    [Fact]
    public void Any_changed_byte_and_any_truncation_is_a_typed_error()
    {
        Write(100, [1, 2, 3], [4, 5, 6], [7, 8]);
        var good = File.ReadAllBytes(FilePath);
        // The reserved int32 counts too: the checksum covers the header.
        for (var i = 0; i < good.Length; i++)
        {
            var bad = good.ToArray();
            bad[i] ^= 0x40;
            RejectsWithItsPath(bad);
            RejectsWithItsPath(good[..i]);
        }

        RejectsWithItsPath([.. good, 0]);
    }

    [Fact]
    public void Arbitrary_bytes_are_a_typed_error()
    {
        Gen.Byte.Array[0, 200].Each(RejectsWithItsPath, count: 200);
        Gen.Byte.Array[28, 200].Each(bytes => RejectsWithItsPath([.. "DISTROWS"u8, 1, 0, 0, 0, .. bytes]), count: 200);
    }

    [Fact]
    public void A_missing_file_is_a_typed_error() => Assert.Throws<InvalidInputException>(() => TokenRows.Open(FilePath));

    private void RejectsWithItsPath(byte[] bytes)
    {
        File.WriteAllBytes(FilePath, bytes);
        Assert.Contains(FilePath, Assert.Throws<InvalidInputException>(() => TokenRows.Open(FilePath).Dispose()).Message, StringComparison.Ordinal);
    }

    private void Write(int vocabularySize, params int[][] rows)
    {
        using var writer = new TokenRowsWriter(FilePath, 3, vocabularySize);
        foreach (var row in rows)
        {
            writer.WriteRow(row);
        }

        writer.Complete();
    }
}
