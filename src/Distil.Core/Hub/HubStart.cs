using System.Net;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Reads the first bytes of a file of the hub without fetching the rest.</summary>
internal sealed class HubStart(HubHttp http, HttpBodies transfers)
{
    /// <summary>Reads bytes; an interrupted transfer is resumed.</summary>
    /// <param name="url">The file's URL.</param>
    /// <param name="path">The file, for messages.</param>
    /// <param name="count">Number of bytes; the file has at least as many.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<byte[]> ReadAsync(Uri url, HubPath path, int count, CancellationToken cancel)
    {
        var (bytes, filled) = (new byte[count], 0);
        await transfers.UntilWholeAsync($"{path}", () => filled, GoOnAsync, cancel);
        return bytes;

        async Task<bool> GoOnAsync()
        {
            using var response = await http.SendAsync(HttpMethod.Get, url, path, elsewhere: true, filled, cancel, to: count - 1);
            if (response.StatusCode != HttpStatusCode.PartialContent)
            {
                filled = 0; // the server sends the whole file
            }

            await using var body = await response.Content.ReadAsStreamAsync(cancel);
            while (filled < count && await transfers.ReadAsync(body, bytes.AsMemory(filled), cancel) is > 0 and var read)
            {
                filled += read;
            }

            return filled == count;
        }
    }
}
