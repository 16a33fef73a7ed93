namespace Distil.Core;

/// <summary>Writes files that appear whole: the content goes to a temporary file in the same folder, which is then renamed.</summary>
public static class AtomicFile
{
    /// <summary>Ending of the temporary files; a process that was killed can leave some behind.</summary>
    public const string TemporaryExtension = ".partial";

    /// <summary>Writes a file, or replaces it.</summary>
    /// <param name="path">The file. Its folder is created if it does not exist.</param>
    /// <param name="write">Writes the whole content to the path that it is given.</param>
    public static void Write(string path, Action<string> write)
    {
        var temporary = TemporaryFor(path);
        try
        {
            write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <inheritdoc cref="Write" />
    public static async Task WriteAsync(string path, Func<string, Task> write)
    {
        var temporary = TemporaryFor(path);
        try
        {
            await write(temporary);
            File.Move(temporary, path, overwrite: true);
        }
        finally
        {
            File.Delete(temporary);
        }
    }

    /// <summary>Writes text as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write" />
    public static void WriteText(string path, string text) => Write(path, temporary => File.WriteAllText(temporary, text));

    /// <summary>Writes lines as UTF-8 without a byte order mark.</summary>
    /// <inheritdoc cref="Write" />
    public static void WriteLines(string path, IEnumerable<string> lines) => Write(path, temporary => File.WriteAllLines(temporary, lines));

    // Unique, since several processes may write the same file.
    private static string TemporaryFor(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return $"{path}.{Guid.NewGuid():N}{TemporaryExtension}";
    }
}
