using System.Security.Cryptography;
using System.Text;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>What the hub says of a file's content.</summary>
/// <param name="ETag">The entity tag, which names the content: for most files it is its checksum.</param>
/// <param name="Bytes">The length; null if the hub does not say.</param>
internal sealed record HubContent(string ETag, long? Bytes)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Asks the hub, not the storage to which it redirects.</summary>
    /// <exception cref="RemoteException">The hub cannot be reached, or is none.</exception>
    internal static async Task<HubContent> AskAsync(HubHttp http, HubOptions options, HubPath path, CancellationToken cancel)
    {
        using var response = await http.SendAsync(HttpMethod.Head, options.UrlOf(path), path, elsewhere: false, from: 0, cancel);
        var etag = (Header("X-Linked-Etag") ?? response.Headers.ETag?.Tag ?? Header("ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        if (string.IsNullOrEmpty(etag) || etag.AsSpan().IndexOfAny("/\\") >= 0 || etag.StartsWith('.'))
        {
            throw new RemoteException($"{path}: {options.Endpoint} gives no entity tag for it; is HF_ENDPOINT a Hugging Face hub?");
        }

        var linked = long.TryParse(Header("X-Linked-Size"), out var size) ? size : (long?)null;
        return new(etag, linked ?? ((int)response.StatusCode < 300 ? response.Content.Headers.ContentLength : null));

        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
    }

    /// <summary>Describes what is wrong with a downloaded file; null if it matches the hub's checksum: SHA-256 for a large file, git object id for a small
    /// one.</summary>
    internal async Task<string?> FaultAsync(string path, CancellationToken cancel)
    {
        await using var file = File.OpenRead(path);
        if (Bytes is { } expected && file.Length != expected)
        {
            return $"has {file.Length} bytes, the hub says {expected}";
        }

        if (ETag.Length is not (64 or 40) || !ETag.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(ETag.Length == 64 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (ETag.Length == 40)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Length}\0"));
        }

        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }

        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found == ETag ? null : $"has the checksum {found}, the hub says {ETag}";
    }
}
