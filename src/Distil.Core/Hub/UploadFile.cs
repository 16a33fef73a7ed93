using System.Security.Cryptography;
using System.Text;

namespace Distil.Core.Hub;

/// <summary>A file that is uploaded.</summary>
/// <param name="Name">Its path in the repository.</param>
/// <param name="Path">Its path on this machine.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="Sha256">Its SHA-256, in lower-case hexadecimal: its name in Git LFS.</param>
/// <param name="GitId">The name that Git gives its content, in lower-case hexadecimal.</param>
internal sealed record UploadFile(string Name, string Path, long Bytes, string Sha256, string GitId)
{
    private const int BufferBytes = 1 << 20, SampleBytes = 512;

    /// <summary>Reads a file once, for its names.</summary>
    internal static async Task<UploadFile> OfAsync(string path, CancellationToken cancel)
    {
        using var sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        using var sha1 = IncrementalHash.CreateHash(HashAlgorithmName.SHA1); // as in Git: of a header and the content
        await using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
        sha1.AppendData(Encoding.ASCII.GetBytes(FormattableString.Invariant($"blob {file.Length}\0")));
        var buffer = new byte[BufferBytes];
        for (int count; (count = await file.ReadAsync(buffer, cancel)) > 0;)
        {
            sha256.AppendData(buffer, 0, count);
            sha1.AppendData(buffer, 0, count);
        }

        return new(
            System.IO.Path.GetFileName(path), path, file.Length, Convert.ToHexStringLower(sha256.GetHashAndReset()), Convert.ToHexStringLower(sha1.GetHashAndReset()));
    }

    /// <summary>The first bytes, by which the hub decides how the file is stored.</summary>
    internal byte[] ReadSample()
    {
        using var file = File.OpenRead(Path);
        var sample = new byte[Math.Min(SampleBytes, Bytes)];
        file.ReadExactly(sample);
        return sample;
    }
}
