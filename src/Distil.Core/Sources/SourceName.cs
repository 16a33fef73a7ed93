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
    private static readonly string[] JsonExtensions = [".jsonl", ".ndjson", ".json"];

    private static readonly string[] NotRead =
    [
        ".tar", ".tgz", ".zip", ".7z", ".rar", ".bz2", ".xz", ".lz4", ".csv", ".tsv", ".xlsx", ".arrow", ".feather", ".avro", ".orc", ".h5", ".npy", ".npz",
        ".safetensors", ".pdf",
    ];

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

    /// <summary>The format that the extension before <c>.gz</c> or <c>.zst</c> names; null if it names none. <c>.json</c> and <c>.ndjson</c> count as JSONL,
    /// because large corpora (C4) call their JSON lines so; the content is examined too.</summary>
    public static DatasetFormat? FormatOf(string path)
    {
        var name = Bare(path);
        return Array.Exists(JsonExtensions, extension => name.EndsWith(extension, StringComparison.OrdinalIgnoreCase)) ? DatasetFormat.Jsonl
            : name.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase) ? DatasetFormat.Parquet
            : name.EndsWith(".txt", StringComparison.OrdinalIgnoreCase) ? DatasetFormat.Text
            : null;
    }

    /// <summary>Throws if the file's extension contradicts <c>dataset.format</c>, or names a kind of file that is not read.</summary>
    /// <exception cref="InvalidInputException">The extension contradicts the format.</exception>
    public static void RequireFits(string path, DatasetFormat format, FieldPath field)
    {
        path = WebUrl.WithoutQuery(path);
        if (FormatOf(path) is { } named && named != format && named != DatasetFormat.Text)
        {
            throw new InvalidInputException(
                field, $"{path} is {Name(named)} by its name and dataset.format is {Word(format)}; expected dataset.format {Word(named)}");
        }

        RequireRead(path, field);
        if (format == DatasetFormat.Parquet && CompressionOf(path) != Compression.None)
        {
            throw new InvalidInputException(
                field, $"{path} is a compressed Parquet file by its name; expected it unpacked: Parquet compresses its columns itself");
        }
    }

    /// <summary>Throws if the file's extension names a kind of file that is not read.</summary>
    /// <exception cref="InvalidInputException">It does.</exception>
    public static void RequireRead(string path, FieldPath field)
    {
        if (KindNotRead(path) is { } kind)
        {
            throw new InvalidInputException(field, $"{path} ends with {kind}, which is not read; expected text, JSONL or Parquet");
        }
    }

    /// <summary>Whether a folder's file is data of another format or kind, judged by its name: it is not read, and its user should know.</summary>
    internal static bool IsOfAnother(string path, DatasetFormat format) =>
        !IsOf(path, format) && (FormatOf(path) is not null || KindNotRead(path) is not null);

    private static string? KindNotRead(string path) => Array.Find(NotRead, extension =>
        path.EndsWith(extension, StringComparison.OrdinalIgnoreCase) || Bare(path).EndsWith(extension, StringComparison.OrdinalIgnoreCase));

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
