using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Number of bytes of a source per token, on which a plan's estimates are based.</summary>
internal static class TextDensity
{
    /// <summary>Approximate value for byte-level vocabularies of 30,000 and more, on English.</summary>
    private const double Text = 4;

    /// <summary><c>{"ids": […]}</c>: four digits, a comma and a space.</summary>
    private const double Ids = 6;

    /// <summary>English prose compressed by gzip or Zstandard shrinks to about 3/8.</summary>
    private const double Compressed = 1.5;

    /// <summary>FineWeb's files, all columns: 44 TB for 15 T tokens (its dataset card).</summary>
    private const double Parquet = 3;

    private const int HeadBytes = 256;

    /// <summary>The source of the figures, for a plan's reader.</summary>
    public const string Words = "estimated: bytes of the sources over 4 (text), 6 (ids), 3 (Parquet) or 1.5 (compressed)";

    /// <summary>Bytes per token, from the file's name and, if it is an uncompressed local file, from its beginning.</summary>
    public static double BytesPerToken(SourceFile file) =>
        file.Compression != Compression.None ? Compressed
        : SourceName.IsOf(file.Path, DatasetFormat.Parquet) ? Parquet
        : HoldsIds(file.Path) ? Ids
        : Text;

    private static bool HoldsIds(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        Span<byte> head = stackalloc byte[HeadBytes];
        using var stream = InputFile.Open(path);
        var read = stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        return head[..read].IndexOf("\"ids\""u8) >= 0;
    }
}
