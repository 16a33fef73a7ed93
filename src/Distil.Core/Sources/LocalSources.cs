using System.Security.Cryptography;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Sources;

/// <summary>Finds the local files that a source names.</summary>
public static class LocalSources
{
    /// <summary>Returns a file itself, a folder's files of the format at any depth, or the matches of a glob; sorted by path.</summary>
    /// <exception cref="InvalidInputException">There is no such file, or no match.</exception>
    public static IReadOnlyList<SourceFile> List(string source, DatasetFormat format, FieldPath field)
    {
        if (File.Exists(source))
        {
            return [FileAt(Path.GetFullPath(source))];
        }

        if (Directory.Exists(source))
        {
            return NotEmpty(Enumerate(source, relative => SourceName.IsOf(relative, format)), $"{SourceName.PatternOf(format)} in it");
        }

        return GlobPattern.IsWild(source)
            ? NotEmpty(Glob(source), "a file that it matches")
            : throw new InvalidInputException(field, $"{source} does not exist; expected a file, a folder or a glob");

        List<SourceFile> NotEmpty(List<SourceFile> files, string expected) =>
            files.Count > 0 ? files : throw new InvalidInputException(field, $"{source} has no files; expected {expected}");
    }

    /// <summary>Reads a file once, as a stream, and returns its SHA-256 in lower-case hexadecimal.</summary>
    public static string Fingerprint(string path)
    {
        using var file = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(file));
    }

    private static List<SourceFile> Glob(string glob)
    {
        var pattern = new GlobPattern(Slashes(Path.GetFullPath(glob)));
        var root = pattern.Root + "/";
        return Directory.Exists(root) ? Enumerate(root, pattern.Matches) : [];
    }

    private static List<SourceFile> Enumerate(string root, Func<string, bool> accepts)
    {
        var full = Path.GetFullPath(root);
        return [.. Directory.EnumerateFiles(full, "*", SearchOption.AllDirectories)
            .Where(file => accepts(Slashes(Path.GetRelativePath(full, file))))
            .Order(StringComparer.Ordinal)
            .Select(FileAt)];
    }

    /// <summary>Describes an existing file. The length of a link is that of its target.</summary>
    internal static SourceFile FileAt(string path) =>
        new() { Path = path, Bytes = ((FileInfo?)File.ResolveLinkTarget(path, returnFinalTarget: true) ?? new FileInfo(path)).Length };

    private static string Slashes(string path) => path.Replace(Path.DirectorySeparatorChar, '/');
}
