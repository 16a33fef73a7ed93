using System.IO.Enumeration;
using System.Security.Cryptography;
using Distil.Core.Errors;

namespace Distil.Core.Runs;

/// <summary>What a file holds, whatever it is called: the part of a dataset's content address that comes from its text.</summary>
/// <param name="Bytes">Length in bytes.</param>
/// <param name="Sha256">SHA-256 of the whole file, lower-case hexadecimal.</param>
public sealed record SourceFingerprint(long Bytes, string Sha256);

/// <summary>Finds the local files that a dataset's sources name.</summary>
public static class SourceFiles
{
    /// <summary>The files of some sources: each source in its order, a folder's or glob's files sorted by path, none twice.</summary>
    /// <param name="sources">Files, folders (searched in depth for the format's extension) or globs (<c>*</c>, <c>?</c>, <c>**</c>).</param>
    /// <param name="format">How documents stand in the files.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <returns>Full paths.</returns>
    /// <exception cref="InvalidInputException">A source is missing, matches nothing, is of a reserved kind or JSONL to be read as text; the format is reserved.</exception>
    public static IReadOnlyList<string> Resolve(IReadOnlyList<string> sources, DatasetFormat format, string field = "dataset.sources")
    {
        if (format == DatasetFormat.Parquet)
        {
            throw new InvalidInputException("dataset.format: parquet is reserved and not read by this version; expected text or jsonl");
        }

        List<string> files = [.. sources.SelectMany(source => FilesOf(source, format, field)).Distinct(StringComparer.Ordinal)];
        return format == DatasetFormat.Text && files.Find(file => file.EndsWith(".jsonl", StringComparison.OrdinalIgnoreCase)) is { } rows
            ? throw new InvalidInputException($"{field}: {rows} is JSONL by its name and dataset.format is text; expected dataset.format jsonl")
            : files;
    }

    /// <summary>Reads a file once, streamed, and says what it holds.</summary>
    public static SourceFingerprint Fingerprint(string path)
    {
        using var file = File.OpenRead(path);
        var hash = SHA256.HashData(file);
        return new SourceFingerprint(file.Position, Convert.ToHexStringLower(hash));
    }

    private static IEnumerable<string> FilesOf(string source, DatasetFormat format, string field)
    {
        RejectReserved(source, field);
        if (File.Exists(source))
        {
            return [Path.GetFullPath(source)];
        }

        if (Directory.Exists(source))
        {
            var pattern = format == DatasetFormat.Text ? "*.txt" : "*.jsonl";
            var files = Enumerate(source, relative => FileSystemName.MatchesSimpleExpression(pattern, Path.GetFileName(relative)));
            return NotEmpty(files, $"a {pattern} file in it");
        }

        return source.AsSpan().IndexOfAny('*', '?') >= 0
            ? NotEmpty(Glob(source), "a file that it matches")
            : throw new InvalidInputException($"{field}: {source} does not exist; expected a file, a folder or a glob");

        List<string> NotEmpty(List<string> files, string expected) =>
            files.Count > 0 ? files : throw new InvalidInputException($"{field}: {source} has no files; expected {expected}");
    }

    private static void RejectReserved(string source, string field)
    {
        if (string.IsNullOrWhiteSpace(source))
        {
            throw new InvalidInputException($"{field}: a source is empty; expected a file, a folder or a glob");
        }

        if (source.StartsWith("hf://", StringComparison.OrdinalIgnoreCase) || source.Contains("://", StringComparison.Ordinal))
        {
            throw new InvalidInputException($"{field}: {source} is reserved and not read by this version; expected a local file, folder or glob");
        }

        if (source.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidInputException($"{field}: {source}: Parquet is reserved and not read by this version; expected text or JSONL files");
        }
    }

    private static List<string> Glob(string glob)
    {
        var segments = Path.GetFullPath(glob).Split(Path.DirectorySeparatorChar);
        var firstWild = Array.FindIndex(segments, segment => segment.AsSpan().IndexOfAny('*', '?') >= 0);
        var root = string.Join(Path.DirectorySeparatorChar, segments[..firstWild]) + Path.DirectorySeparatorChar;
        var pattern = segments[firstWild..];
        return Directory.Exists(root) ? Enumerate(root, relative => Matches(pattern, relative.Split(Path.DirectorySeparatorChar))) : [];
    }

    private static bool Matches(ReadOnlySpan<string> pattern, ReadOnlySpan<string> path)
    {
        if (pattern.IsEmpty || path.IsEmpty)
        {
            return pattern.IsEmpty && path.IsEmpty;
        }

        if (pattern is ["**"])
        {
            return true;
        }

        return pattern[0] == "**"
            ? Matches(pattern[1..], path) || Matches(pattern, path[1..])
            : FileSystemName.MatchesSimpleExpression(pattern[0], path[0], ignoreCase: false) && Matches(pattern[1..], path[1..]);
    }

    private static List<string> Enumerate(string root, Func<string, bool> accepts)
    {
        var full = Path.GetFullPath(root);
        return [.. Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories)
            .Where(file => accepts(Path.GetRelativePath(full, file)))
            .Order(StringComparer.Ordinal)];
    }
}
