using Parquet.Meta;

namespace Distil.Trainer.Datasets.Sources;

/// <summary>Checks the headers of a column's pages before a library reads them.</summary>
/// <remarks>Parquet.Net 6.1 reserves the memory that a page's header states before it reads the page: a damaged one could state 2 GiB.</remarks>
internal static class ParquetPages
{
    private const int UsualHeader = 1 << 10, LongestHeader = 1 << 26;

    // Zstandard packs 128 KiB of one byte into 4 bytes; nothing packs tighter.
    private const long AlwaysAllowedBytes = 1 << 20, MaxBytesPerByte = 1 << 15;

    // In a dictionary, the length of a text precedes its bytes.
    private const int LengthBytes = 4;

    /// <summary>Checks the pages of a column in a row group.</summary>
    /// <param name="file">The file. Its position is changed.</param>
    /// <param name="column">What the footer says about the column.</param>
    /// <param name="maxValues">Number of values that the file can hold.</param>
    /// <exception cref="InvalidDataException">A header is damaged, or states a size that its page cannot have.</exception>
    internal static void Check(Stream file, ColumnMetaData column, long maxValues)
    {
        var at = StartOf(column);
        var end = Math.Min(file.Length, at + column.TotalCompressedSize);
        if (at < 0 || column.TotalCompressedSize < 0)
        {
            throw new InvalidDataException($"its pages begin at byte {at} and have {column.TotalCompressedSize} bytes");
        }

        while (at < end)
        {
            var header = Read(file, at, end);
            var (unpacked, packed) = (header.Number("PageHeader", 2, -1), header.Number("PageHeader", 3, -1));
            Require(packed >= 0 && packed <= end - at - header.Length, at, $"{packed} bytes, and its column ends after {end - at - header.Length}");
            Require(unpacked >= 0 && unpacked <= Math.Max(AlwaysAllowedBytes, packed * MaxBytesPerByte), at, $"{unpacked} bytes that are packed into {packed}");
            foreach (var kind in new[] { "DataPageHeader", "DictionaryPageHeader", "DataPageHeaderV2" })
            {
                var values = header.Number(kind, 1);
                var most = kind == "DictionaryPageHeader" ? unpacked / (column.Type == Parquet.Meta.Type.BYTE_ARRAY ? LengthBytes : 1) : maxValues;
                Require(values >= 0 && values <= most, at, $"{values} values in {unpacked} bytes");
            }

            long data = header.Length;
            for (short levels = 5; levels <= 6; levels++)
            {
                var bytes = header.Number("DataPageHeaderV2", levels);
                Require(bytes >= 0 && bytes <= Math.Min(packed, unpacked), at, $"{bytes} bytes of levels in {packed}");
                data += bytes;
            }

            if (column.Codec == CompressionCodec.SNAPPY && packed > 0 && data < header.Length + packed)
            {
                var snappy = SnappyLength(file, at + data, end);
                Require(snappy <= unpacked, at, $"{unpacked} bytes, and its Snappy data {snappy}");
            }

            at += header.Length + packed;
        }
    }

    /// <summary>The first byte of a column's first page.</summary>
    internal static long StartOf(ColumnMetaData column) =>
        column.DictionaryPageOffset is > 0 and { } dictionary ? Math.Min(dictionary, column.DataPageOffset) : column.DataPageOffset;

    /// <summary>The unpacked length that Snappy data begin with, a varint: the library reserves it whatever the page's header states.</summary>
    private static long SnappyLength(Stream file, long at, long end)
    {
        Span<byte> bytes = stackalloc byte[(int)Math.Min(5, end - at)];
        file.Position = at;
        file.ReadExactly(bytes);
        long length = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            length |= (long)(bytes[i] & 0x7F) << (7 * i);
            if (bytes[i] < 0x80)
            {
                break;
            }
        }

        return length;
    }

    private static ThriftStructure Read(Stream file, long at, long end)
    {
        for (long length = UsualHeader; ; length *= 16)
        {
            var bytes = new byte[Math.Min(length, end - at)];
            file.Position = at;
            file.ReadExactly(bytes);
            var header = new ThriftStructure(bytes, ParquetStructures.All, $"page at byte {at}");
            try
            {
                header.Check("PageHeader");
                return header;
            }
            catch (EndOfStreamException) when (bytes.Length == length && length < LongestHeader)
            {
                // statistics in the header may be long
            }
        }
    }

    private static void Require(bool holds, long at, string states)
    {
        if (!holds)
        {
            throw new InvalidDataException($"its page at byte {at} states {states}");
        }
    }
}
