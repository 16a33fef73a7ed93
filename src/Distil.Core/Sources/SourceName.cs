using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Sources.Remote;
using Distil.Core.Specification;

namespace Distil.Core.Sources;

/// <summary>How a source is compressed.</summary>
public enum Compression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>gzip (RFC 1952), several members too.</summary>
    Gzip,

    /// <summary>Zstandard (RFC 8878), several frames too.</summary>
    Zstd,
}

/// <summary>What a file's name says of its content.</summary>
public static class SourceName
{
    /// <summary>By the last extension, <c>.gz</c> or <c>.zst</c>; a URL's query does not count.</summary>
    public static Compression CompressionOf(string path)
    {
        var name = WebUrl.WithoutQuery(path);
        return name.EndsWith(".gz", StringComparison.OrdinalIgnoreCase) ? Compression.Gzip
            : name.EndsWith(".zst", StringComparison.OrdinalIgnoreCase) ? Compression.Zstd
            : Compression.None;
    }

    /// <summary>Whether a folder's file is taken for one of a format: by its extension in front of <c>.gz</c> or <c>.zst</c>.</summary>
    public static bool IsOf(string path, DatasetFormat format) =>
        Bare(path).EndsWith(ExtensionOf(format), StringComparison.OrdinalIgnoreCase) && (format != DatasetFormat.Parquet || CompressionOf(path) == Compression.None);

    /// <summary>The files that a folder gives, for messages: <c>*.jsonl, *.jsonl.gz or *.jsonl.zst</c>.</summary>
    public static string PatternOf(DatasetFormat format)
    {
        var extension = ExtensionOf(format);
        return format == DatasetFormat.Parquet ? $"*{extension}" : $"*{extension}, *{extension}.gz or *{extension}.zst";
    }

    /// <summary>Passes where a name does not speak against the format: a forgotten <c>dataset.format</c> would teach JSON or bytes as text.</summary>
    /// <exception cref="InvalidInputException">It does.</exception>
    public static void RequireFits(string path, DatasetFormat format, FieldPath field)
    {
        path = WebUrl.WithoutQuery(path);
        foreach (var other in Enum.GetValues<DatasetFormat>())
        {
            if (other != format && other != DatasetFormat.Text && Bare(path).EndsWith(ExtensionOf(other), StringComparison.OrdinalIgnoreCase))
            {
                throw new InvalidInputException(field, $"{path} is {Name(other)} by its name and dataset.format is {Word(format)}; expected dataset.format {Word(other)}");
            }
        }

        if (format == DatasetFormat.Parquet && CompressionOf(path) != Compression.None)
        {
            throw new InvalidInputException(field, $"{path} is a compressed Parquet file by its name; expected it unpacked: Parquet compresses its columns itself");
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
