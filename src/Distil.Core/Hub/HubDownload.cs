using System.Net;
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
        var content = await HubContent.AskAsync(http, options, path, cancel);
        using (await cache.LockAsync(path, content.ETag, () => log.WaitingForDownload($"{path}"), cancel))
        {
            var blob = cache.Blob(path, content.ETag);
            for (var download = 1; !File.Exists(blob); download++)
            {
                var partial = blob + ".incomplete";
                await FillAsync(path, partial, content.Bytes, progress, cancel);
                if (await content.FaultAsync(partial, cancel) is not { } fault)
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

            cache.Link(path, content.ETag);
        }
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
