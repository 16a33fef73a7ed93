using System.Security.Cryptography;
using System.Text;
using Distil.Core;

namespace Distil.Inference.Cuda;

/// <summary>Compiled kernels on disk, named by the hash of everything that determines them: compiling takes seconds, loading milliseconds.</summary>
/// <remarks>Processes may share the folder, because files appear complete. If the folder cannot be written, each process compiles once more; nothing else
/// changes.</remarks>
/// <param name="folder">The folder, created if needed.</param>
/// <param name="notKept">Told the reason if a file cannot be written.</param>
internal sealed class CubinCache(string folder, Action<string>? notKept = null)
{
    /// <summary>The hash of what determines a cubin. Each text is hashed separately, so that different lists have different hashes.</summary>
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
        try
        {
            AtomicFile.Write(path, temporary => File.WriteAllBytes(temporary, [.. SHA256.HashData(made), .. made]));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            notKept?.Invoke(error.Message);
        }

        return made;
    }

    /// <summary>Returns the content of a file after its checksum; null if there is no intact file.</summary>
    private static byte[]? Read(string path)
    {
        try
        {
            var bytes = File.ReadAllBytes(path);
            return bytes.Length > SHA256.HashSizeInBytes
                && SHA256.HashData(bytes.AsSpan(SHA256.HashSizeInBytes)).AsSpan().SequenceEqual(bytes.AsSpan(0, SHA256.HashSizeInBytes))
                ? bytes[SHA256.HashSizeInBytes..]
                : null;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
