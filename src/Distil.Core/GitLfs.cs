namespace Distil.Core;

/// <summary>Recognises the small text that Git stores in place of a large file if Git LFS has not fetched it.</summary>
public static class GitLfs
{
    /// <summary>What to do, for the end of a message.</summary>
    public const string Advice = "is a Git LFS pointer, not the file itself; expected the file (fetch it with `git lfs pull`)";

    private static ReadOnlySpan<byte> Beginning => "version https://git-lfs.github.com/spec/"u8;

    /// <summary>Whether a file that begins with these bytes is a pointer.</summary>
    public static bool IsPointer(ReadOnlySpan<byte> beginning) => beginning.StartsWith(Beginning);

    /// <summary>Whether a file is a pointer.</summary>
    public static bool IsPointer(string path)
    {
        if (!File.Exists(path))
        {
            return false;
        }

        Span<byte> beginning = stackalloc byte[Beginning.Length];
        using var file = File.OpenRead(path);
        return IsPointer(beginning[..file.ReadAtLeast(beginning, beginning.Length, throwOnEndOfStream: false)]);
    }
}
