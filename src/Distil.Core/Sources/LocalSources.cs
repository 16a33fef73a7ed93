using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Sources;

/// <summary>Finds the local files that a source names.</summary>
public static class LocalSources
{
    /// <summary>Returns a file itself, a folder's files of the format at any depth, or the matches of a glob; sorted by path.</summary>
    /// <param name="source">A file, a folder or a glob.</param>
    /// <param name="format">The format of documents in the files.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="others">Receives the data files of other formats in a folder; null if nobody asks.</param>
    /// <param name="cancel">Ends the search.</param>
    /// <exception cref="InvalidInputException">There is no such file, or no match.</exception>
    public static IReadOnlyList<SourceFile> List(
        string source, DatasetFormat format, FieldPath field, ICollection<string>? others = null, CancellationToken cancel = default)
    {
        if (FolderWalk.Exists(source))
        {
            return [FileAt(Path.GetFullPath(source))];
        }

        if (Directory.Exists(source))
        {
            return NotEmpty(Enumerate(source, IsOf, cancel), $"{SourceName.PatternOf(format)} in it");
        }

        return GlobPattern.IsWild(source)
            ? NotEmpty(Glob(source, cancel), "a file that it matches")
            : throw new InvalidInputException(field, $"{source} {FolderWalk.WhyMissing(source)}; expected a file, a folder or a glob");

        bool IsOf(string relative)
        {
            if (SourceName.IsOfAnother(relative, format))
            {
                others?.Add(Path.Combine(source, relative));
            }

            return SourceName.IsOf(relative, format);
        }

        List<SourceFile> NotEmpty(List<SourceFile> files, string expected) =>
            files.Count > 0 ? files : throw new InvalidInputException(field, $"{source} has no files; expected {expected}");
    }

    /// <summary>The length of a file, in bytes.</summary>
    /// <exception cref="InvalidInputException">There is no such file.</exception>
    public static long LengthOf(string path) => FileAt(path).Bytes;

    /// <summary>Reads a file once, as a stream, and returns its SHA-256 in lower-case hexadecimal.</summary>
    /// <exception cref="InvalidInputException">It cannot be read.</exception>
    public static string Fingerprint(string path)
    {
        using var file = InputFile.Open(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static List<SourceFile> Glob(string glob, CancellationToken cancel)
    {
        var pattern = new GlobPattern(Slashes(Path.GetFullPath(glob)));
        var root = pattern.Root + "/";
        return Directory.Exists(root) ? Enumerate(root, pattern.Matches, cancel) : [];
    }

    private static List<SourceFile> Enumerate(string root, Func<string, bool> accepts, CancellationToken cancel)
    {
        var full = Path.GetFullPath(root);
        return [.. FolderWalk.Files(full, cancel)
            .Where(file => accepts(Slashes(Path.GetRelativePath(full, file))))
            .Order(StringComparer.Ordinal)
            .Select(FileAt)];
    }

    /// <summary>Describes a file. The length of a link is that of its target.</summary>
    /// <exception cref="InvalidInputException">It is a link that leads to no file, or a pipe, a socket or a device.</exception>
    internal static SourceFile FileAt(string path)
    {
        if (FolderWalk.Target(path) is not { Exists: true } file)
        {
            throw new InvalidInputException($"{path}: {FolderWalk.WhyMissing(path)}; expected a file");
        }

        if (file.Length == 0) // as long as pipes and devices are
        {
            InputFile.RequireRegular(path);
        }

        return new SourceFile { Path = path, Bytes = file.Length, Modified = file.LastWriteTimeUtc };
    }

    private static string Slashes(string path) => path.Replace(Path.DirectorySeparatorChar, '/');
}
