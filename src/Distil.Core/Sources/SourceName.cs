using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Sources;

/// <summary>The compression of a source.</summary>
public enum Compression
{
    /// <summary>No compression.</summary>
    None,

    /// <summary>gzip (RFC 1952), also with several members.</summary>
    Gzip,

    /// <summary>Zstandard (RFC 8878), also with several frames.</summary>
    Zstd,
}

/// <summary>Derives a file's format and compression from its name.</summary>
public static class SourceName
{
    /// <summary>The compression by the last extension, <c>.gz</c> or <c>.zst</c>; a URL's query is ignored.</summary>
    public static Compression CompressionOf(string path)
    {
        var name = WebUrl.WithoutQuery(path);
        return name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Compression.Gzip
            : name.EndsWith(".zst", StringComparison.OrdinalIgnoreCase) ? Compression.Zstd
            : Compression.None;
    }

    /// <summary>Whether a folder's file belongs to a format, by its extension before <c>.gz</c> or <c>.zst</c>.</summary>
    public static bool IsOf(string path, DatasetFormat format) =>
        Bare(path).EndsWith(ExtensionOf(format), StringComparison.OrdinalIgnoreCase)
        && (format != DatasetFormat.Parquet || CompressionOf(path) == Compression.None);

    /// <summary>The files of a folder that belong to a format, for messages: <c>*.jsonl, *.jsonl.gz or *.jsonl.zst</c>.</summary>
    public static string PatternOf(DatasetFormat format)
    {
        var extension = ExtensionOf(format);
        return format == DatasetFormat.Parquet ? $"*{extension}" : $"*{extension}, *{extension}.gz or *{extension}.zst";
    }

    /// <summary>Throws if the file's extension contradicts <c>dataset.format</c>: if the format was forgotten, JSON or bytes would be taught as text.</summary>
    /// <exception cref="InvalidInputException">The extension contradicts the format.</exception>
    public static void RequireFits(string path, DatasetFormat format, FieldPath field)
    {
        path = WebUrl.WithoutQuery(path);
        foreach (var other in Enum.GetValues<DatasetFormat>())
        {
            if (other != format && other != DatasetFormat.Text && Bare(path).EndsWith(ExtensionOf(other), StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidInputException(
                    field, $"{path} is {Name(other)} by its name and dataset.format is {Word(format)}; expected dataset.format {Word(other)}");
            }
        }

        if (format == DatasetFormat.Parquet && CompressionOf(path) != Compression.None)
        {
            throw new InvalidInputException(
                field, $"{path} is a compressed Parquet file by its name; expected it unpacked: Parquet compresses its columns itself");
        }
    }

    private static string ExtensionOf(DatasetFormat format) => format switch
    {
        DatasetFormat.Text => ".txt",
        DatasetFormat.Jsonl => ".jsonl",
        _ => ".parquet",
    };

    private static string Name(DatasetFormat format) => format == DatasetFormat.Jsonl ? "JSONL" : "Parquet";

    private static string Word(DatasetFormat format) => format.ToString().ToLowerInvariant();

    private static string Bare(string path)
    {
        var name = WebUrl.WithoutQuery(path);
        return CompressionOf(name) == Compression.None ? name : name[..name.LastIndexOf('.')];
    }
}
