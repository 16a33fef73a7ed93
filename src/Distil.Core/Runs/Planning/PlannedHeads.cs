using System.IO.Compression;
using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Examines the beginning of each local file that a plan reads, so that a plan refuses what its jobs would refuse.</summary>
/// <remarks>Of a file with Zstandard's name only the stored bytes are examined here, and of a remote file none: the job examines all of them.</remarks>
internal static class PlannedHeads
{
    /// <exception cref="InvalidInputException">A file's content contradicts its name or the format.</exception>
    public static void Require(IReadOnlyList<ShardSource> shards, DatasetFormat format)
    {
        Require(shards.SelectMany(shard => shard.Ranges), format, SpecPaths.Sources);
        Require(shards.SelectMany(shard => shard.EvalRanges), format, SpecPaths.EvalSources);
    }

    private static void Require(IEnumerable<SourceRange> ranges, DatasetFormat format, FieldPath field)
    {
        foreach (var path in ranges.Select(range => range.Path).Where(path => !SourceCatalog.IsRemote(path)).Distinct(StringComparer.Ordinal))
        {
            try
            {
                Require(path, format);
            }
            catch (InvalidInputException wrong) when (wrong.Errors.Count == 0)
            {
                throw wrong.At(field);
            }
        }
    }

    private static void Require(string path, DatasetFormat format)
    {
        using var file = InputFile.Open(path);
        FileContent.RequireStored(path, Head(file, FileContent.SignatureBytes), format);
        file.Position = 0;
        var compression = SourceName.CompressionOf(path);
        if (format != DatasetFormat.Parquet && compression != Compression.Zstd)
        {
            using Stream text = compression == Compression.Gzip ? new GZipStream(file, CompressionMode.Decompress) : file;
            FileContent.RequireText(path, Head(text, FileContent.HeadBytes), format);
        }
    }

    private static byte[] Head(Stream stream, int bytes)
    {
        var head = new byte[bytes];
        try
        {
            return head[..stream.ReadAtLeast(head, bytes, throwOnEndOfStream: false)];
        }
        catch (InvalidDataException)
        {
            return []; // a damaged gzip file: the job that reads it says so
        }
    }
}
