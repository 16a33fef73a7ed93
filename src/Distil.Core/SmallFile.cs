using Distil.Core.Errors;

namespace Distil.Core;

/// <summary>Reads files whose content fits into memory: descriptions of models, not their weights.</summary>
public static class SmallFile
{
    /// <summary>Maximum length, in bytes; the largest tokenizers have some 30 MB.</summary>
    public const long MaxBytes = 1L << 30;

    /// <summary>The whole content.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">Its name in messages, for instance the URL that it was fetched from; null for its path.</param>
    /// <exception cref="InvalidInputException">It is empty, a pipe or a device, which may never end, or it is too long.</exception>
    public static byte[] ReadBytes(string path, string? name = null)
    {
        Require(path, name);
        return File.ReadAllBytes(path);
    }

    /// <summary>A stream over the content.</summary>
    /// <inheritdoc cref="ReadBytes"/>
    public static FileStream OpenRead(string path, string? name = null)
    {
        Require(path, name);
        return File.OpenRead(path);
    }

    /// <summary>Whether a file is empty, or a pipe or a device: the system says length 0 of these, too, and opening them may wait for ever.</summary>
    public static bool IsEmpty(string path) => FolderWalk.Target(path) is { Exists: true, Length: 0 };

    private static void Require(string path, string? name)
    {
        name ??= path;
        if (IsEmpty(path))
        {
            throw new InvalidInputException($"{name}: it is empty, or no file but a pipe or a device; expected a file with content");
        }

        var file = FolderWalk.Target(path);
        if (file is { Exists: true, Length: > MaxBytes and var bytes })
        {
            throw new InvalidInputException($"{name}: it has {bytes:N0} bytes; expected at most {MaxBytes:N0}");
        }
    }
}
