using System.Globalization;

namespace Distil.Core.Sources;

/// <summary>Files that are no text, by their first bytes.</summary>
internal static class FileSignatures
{
    /// <summary>Number of first bytes that are needed.</summary>
    public const int Bytes = 264;

    public const string Gzip = "a gzip file";
    public const string Zstd = "a Zstandard file";
    public const string Parquet = "a Parquet file";

    private static readonly (string Name, int At, byte[] Bytes)[] All =
    [
        (Gzip, 0, [0x1F, 0x8B]),
        (Zstd, 0, [0x28, 0xB5, 0x2F, 0xFD]),
        (Parquet, 0, [.. "PAR1"u8]),
        ("an encrypted Parquet file", 0, [.. "PARE"u8]),
        ("a bzip2 file", 0, [.. "BZh"u8]),
        ("an xz file", 0, [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]),
        ("an LZ4 file", 0, [0x04, 0x22, 0x4D, 0x18]),
        ("a zip archive", 0, [(byte)'P', (byte)'K', 3, 4]),
        ("a 7-Zip archive", 0, [(byte)'7', (byte)'z', 0xBC, 0xAF, 0x27, 0x1C]),
        ("a RAR archive", 0, [.. "Rar!"u8, 0x1A, 7]),
        ("a tar archive", 257, [.. "ustar"u8]),
        ("an Arrow file", 0, [.. "ARROW1"u8, 0, 0]),
        ("an Arrow stream", 0, [0xFF, 0xFF, 0xFF, 0xFF]),
        ("an Avro file", 0, [.. "Obj"u8, 1]),
        ("an HDF5 file", 0, [0x89, .. "HDF\r\n"u8]),
        ("a NumPy file", 0, [0x93, .. "NUMPY"u8]),
        ("an SQLite database", 0, [.. "SQLite format 3"u8, 0]),
        ("a PDF document", 0, [.. "%PDF-"u8]),
    ];

    /// <summary>The kind of a file, with its article; null if its first bytes are of none of these.</summary>
    public static string? Find(ReadOnlySpan<byte> first)
    {
        foreach (var (name, at, bytes) in All)
        {
            if (first.Length >= at + bytes.Length && first[at..].StartsWith(bytes))
            {
                return name == "a bzip2 file" && !IsBzip2(first) ? null : name;
            }
        }

        // A skippable frame, which may precede the others.
        return first.Length >= 4 && first[0] is >= 0x50 and <= 0x5F && first[1..].StartsWith((ReadOnlySpan<byte>)[0x2A, 0x4D, 0x18]) ? Zstd : null;
    }

    /// <summary>The first bytes in hexadecimal, for messages.</summary>
    public static string Show(ReadOnlySpan<byte> first) =>
        string.Join(' ', first[..Math.Min(4, first.Length)].ToArray().Select(value => value.ToString("X2", CultureInfo.InvariantCulture)));

    // "BZh" also begins words: the block's size and the magic number of its first block follow.
    private static bool IsBzip2(ReadOnlySpan<byte> first) =>
        first.Length >= 10 && first[3] is >= (byte)'1' and <= (byte)'9' && first[4..].StartsWith((ReadOnlySpan<byte>)[0x31, 0x41, 0x59, 0x26, 0x53, 0x59]);
}
