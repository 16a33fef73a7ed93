using System.Net;
using System.Security.Cryptography;
using System.Text;
using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Hub;

/// <summary>Fetches one file into the cache: resumes an interrupted download, verifies it, and only then gives it its name.</summary>
internal sealed class HubDownload(HubOptions options, HubCache cache, HubHttp http, HttpBodies transfers, Func<string, long> freeBytes, ILogger log)
{
    private const int Downloads = 2;
    private const int BufferBytes = 1 << 20;

    /// <summary>Fetches the file; if another program is downloading the same file, waits for it and uses the result.</summary>
    public async Task RunAsync(HubPath path, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var (etag, bytes) = await LookAsync(path, cancel);
        using (await cache.LockAsync(path, etag, () => log.WaitingForDownload($"{path}"), cancel))
        {
            var blob = cache.Blob(path, etag);
            for (var download = 1; !File.Exists(blob); download++)
            {
                var partial = blob + ".incomplete";
                await FillAsync(path, partial, bytes, progress, cancel);
                if (await FaultAsync(partial, etag, bytes, cancel) is not { } fault)
                {
                    File.Move(partial, blob);
                }
                else
                {
                    File.Delete(partial);
                    if (download == Downloads)
                    {
                        throw new RemoteException($"{path}: {fault}, in each of {Downloads} downloads");
                    }
                }
            }

            cache.Link(path, etag);
        }
    }

    /// <summary>The file's entity tag, which names its content, and its length; requested from the hub, not from the storage to which it redirects.</summary>
    private async Task<(string ETag, long? Bytes)> LookAsync(HubPath path, CancellationToken cancel)
    {
        using var response = await http.SendAsync(HttpMethod.Head, options.UrlOf(path), path, elsewhere: false, from: 0, cancel);
        var etag = (Header("X-Linked-Etag") ?? response.Headers.ETag?.Tag ?? Header("ETag"))?.Replace("W/", "", StringComparison.Ordinal).Trim('"');
        if (string.IsNullOrEmpty(etag) || etag.AsSpan().IndexOfAny("/\\") >= 0 || etag.StartsWith('.'))
        {
            throw new RemoteException($"{path}: {options.Endpoint} gives no entity tag for it; is HF_ENDPOINT a Hugging Face hub?");
        }

        var linked = long.TryParse(Header("X-Linked-Size"), out var size) ? size : (long?)null;
        return (etag, linked ?? ((int)response.StatusCode < 300 ? response.Content.Headers.ContentLength : null));

        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.First() : null;
    }

    private async Task FillAsync(HubPath path, string partial, long? bytes, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        try
        {
            await using var file = new FileStream(
                partial, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);
            if (file.Length > bytes)
            {
                file.SetLength(0); // it belongs to another download of the same name, which cannot be resumed
            }

            RequireRoom(path, partial, bytes - file.Length);
            file.Position = file.Length;
            await transfers.UntilWholeAsync($"{path}", () => file.Length, () => GoOnAsync(path, file, bytes, progress, cancel), cancel);
        }
        catch (IOException full) when (full.HResult is 28 or unchecked((int)0x80070070)) // ENOSPC, ERROR_DISK_FULL
        {
            throw NoRoom(path, partial, bytes, full);
        }
    }

    /// <summary>Sends one request for the rest of the file.</summary>
    /// <returns>Whether the file is complete.</returns>
    private async Task<bool> GoOnAsync(HubPath path, FileStream file, long? bytes, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        if (file.Length == bytes)
        {
            return true;
        }

        using var response = await http.SendAsync(HttpMethod.Get, options.UrlOf(path), path, elsewhere: true, file.Length, cancel);
        var goesOn = response.StatusCode == HttpStatusCode.PartialContent && response.Content.Headers.ContentRange?.From == file.Length;
        if (!goesOn)
        {
            file.SetLength(0); // the server sends the whole file, or cannot send from that offset
            if (response.StatusCode != HttpStatusCode.OK)
            {
                return false;
            }
        }

        await using var body = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[BufferBytes];
        while (await transfers.ReadAsync(body, buffer, cancel) is > 0 and var read)
        {
            await file.WriteAsync(buffer.AsMemory(0, read), cancel);
            progress?.Report(new TransferProgress(path.Path, file.Length, bytes ?? 0));
        }

        return bytes is null || file.Length >= bytes;
    }

    /// <summary>Describes what is wrong with a download; null if it matches the hub's checksum: SHA-256 for a large file, git object id for a small
    /// one.</summary>
    private static async Task<string?> FaultAsync(string partial, string etag, long? bytes, CancellationToken cancel)
    {
        await using var file = File.OpenRead(partial);
        if (bytes is { } expected && file.Length != expected)
        {
            return $"has {file.Length} bytes, the hub says {expected}";
        }

        if (etag.Length is not (64 or 40) || !etag.All(char.IsAsciiHexDigitLower))
        {
            return null;
        }

        using var hash = IncrementalHash.CreateHash(etag.Length == 64 ? HashAlgorithmName.SHA256 : HashAlgorithmName.SHA1);
        if (etag.Length == 40)
        {
            hash.AppendData(Encoding.ASCII.GetBytes($"blob {file.Length}\0"));
        }

        var buffer = new byte[BufferBytes];
        while (await file.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
        }

        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found == etag ? null : $"has the checksum {found}, the hub says {etag}";
    }

    private void RequireRoom(HubPath path, string partial, long? needed)
    {
        if (needed > freeBytes(Path.GetDirectoryName(partial)!))
        {
            throw NoRoom(path, partial, needed);
        }
    }

    private static InvalidInputException NoRoom(HubPath path, string partial, long? bytes, Exception? cause = null) =>
        new($"{path}: the disk of {Path.GetDirectoryName(partial)} has no room for {(bytes is { } known ? $"its {known:N0} bytes" : "it")}; "
            + "free some, or set HF_HUB_CACHE to another disk", cause);
}
