using System.Security.Cryptography;
using System.Text;

namespace Distil.Trainer.Kernels.Launching;

/// <summary>Compiled kernels on disk, named by the hash of all that determines them: compiling takes seconds, loading milliseconds.</summary>
/// <remarks>Processes may share the folder: files appear whole. A folder that cannot be written costs a compilation a process, and nothing else.</remarks>
/// <param name="folder">Where they lie; made when needed.</param>
internal sealed class CubinCache(string folder)
{
    /// <summary>Under <c>XDG_CACHE_HOME</c>, or the user's <c>~/.cache</c>.</summary>
    internal static CubinCache OfUser()
    {
        var root = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        if (string.IsNullOrEmpty(root))
        {
            root = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        }
        return new(Path.Combine(root, "distil", "kernels"));
    }

    /// <summary>The hash of what determines a cubin: text by text, so that no two lists run together.</summary>
    internal static string Key(params IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var part in parts)
        {
            var bytes = Encoding.UTF8.GetBytes(part);
            hash.AppendData(BitConverter.GetBytes(bytes.Length));
            hash.AppendData(bytes);
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>Returns the cubin of a key; compiles and stores it if it is missing or damaged.</summary>
    internal byte[] Get(string key, Func<byte[]> make)
    {
        var path = Path.Combine(folder, key + ".cubin");
        if (Read(path) is { } kept)
        {
            return kept;
        }

        var made = make();
        var partial = $"{path}.{Guid.NewGuid():N}.partial";
        try
        {
            Directory.CreateDirectory(folder);
            File.WriteAllBytes(partial, [.. SHA256.HashData(made), .. made]);
            File.Move(partial, path, overwrite: true);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"warning: {folder}: compiled kernels cannot be stored there ({error.Message}); each process compiles them again");
        }

        return made;
    }

    /// <summary>Reads the bytes behind a file's checksum; null if the file is missing or damaged.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            return bytes.Length > SHA256.HashSizeInBytes && SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes))
                ? bytes[SHA256.HashSizeInBytes..]
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
