using Distil.Core.Errors;

namespace Distil.Core;

/// <summary>Lists the files of a folder at any depth. Links to folders are followed; one that leads back to a folder above it is not, because its files are
/// found there.</summary>
internal static class FolderWalk
{
    /// <summary>Links among folders can form so many ways that a walk would take for ever: 40 folders with two links each are enough.</summary>
    private const int MaxVisits = 100;

    /// <summary>The full paths of the files and of the links that lead to no folder, in no particular order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="cancel">Ends the walk.</param>
    /// <exception cref="InvalidInputException">A folder cannot be read, or links lead to a folder on more ways than anybody means.</exception>
    public static IEnumerable<string> Files(string folder, CancellationToken cancel = default) =>
        Files(new DirectoryInfo(folder), [Real(folder)], new Dictionary<string, int>(StringComparer.Ordinal), cancel);

    /// <summary>Whether there is a file at a path. A link counts only if it leads to one; <see cref="File.Exists(string)"/> counts every link.</summary>
    public static bool Exists(string path) => File.Exists(path) && Target(path) is { Exists: true };

    /// <summary>The file at a path, at the end of all links; null if the links form a loop.</summary>
    public static FileInfo? Target(string path)
    {
        var file = new FileInfo(path);
        try
        {
            return file.LinkTarget is null ? file : (FileInfo?)file.ResolveLinkTarget(returnFinalTarget: true) ?? file;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Why there is no file or folder at a path, for messages.</summary>
    public static string WhyMissing(string path) => new FileInfo(path).LinkTarget is not { } target ? "does not exist"
        : Target(path) is null ? $"is a link to {target}, which leads back to itself"
        : $"is a link to {target}, which does not exist";

    // The last of the folders above is the folder itself, all without links.
    private static IEnumerable<string> Files(DirectoryInfo folder, IReadOnlyList<string> above, Dictionary<string, int> visits, CancellationToken cancel)
    {
        visits[above[^1]] = visits.GetValueOrDefault(above[^1]) + 1;
        if (visits[above[^1]] > MaxVisits)
        {
            throw new InvalidInputException($"{above[0]}: its links lead to {above[^1]} on more than {MaxVisits} ways; expected each folder once");
        }

        foreach (var entry in Entries(folder))
        {
            cancel.ThrowIfCancellationRequested();
            if (entry is not DirectoryInfo inner)
            {
                yield return entry.FullName;
                continue;
            }

            var real = Real(Path.Combine(above[^1], inner.Name));
            if (above.Contains(real, StringComparer.Ordinal))
            {
                continue;
            }

            foreach (var file in Files(inner, [.. above, real], visits, cancel))
            {
                yield return file;
            }
        }
    }

    private static FileSystemInfo[] Entries(DirectoryInfo folder)
    {
        try
        {
            return folder.GetFileSystemInfos();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder.FullName}: cannot be read: {e.Message}", e);
        }
    }

    private static string Real(string folder)
    {
        try
        {
            return Path.TrimEndingDirectorySeparator(Directory.ResolveLinkTarget(folder, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{folder}: cannot be read: {e.Message}", e); // deleted since it was listed
        }
    }
}
