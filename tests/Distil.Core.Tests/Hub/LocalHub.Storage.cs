using Microsoft.AspNetCore.Http;

namespace Distil.Core.Tests.Hub;

/// <content>The storage to which the hub redirects: large files, in parts, cut off or damaged as a test asks.</content>
internal sealed partial class LocalHub
{
    private async Task SendBlobAsync(HttpContext http, string token)
    {
        var file = _repositories.Values.SelectMany(each => each.Commits.Values).SelectMany(files => files.Values).First(
            each => http.Request.Path.Value == $"/{each.Sha256}");
        if (token.Length > 0 || http.Request.Query["signed"] != "yes")
        {
            http.Response.StatusCode = 400; // as storage answers to two kinds of authentication
            return;
        }

        await Task.Delay(Delay);
        var range = http.Request.GetTypedHeaders().Range?.Ranges.FirstOrDefault();
        var from = IgnoresRanges ? 0 : (int)(range?.From ?? 0);
        var length = file.Content.Length;
        var to = IgnoresRanges ? length - 1 : (int)Math.Min(range?.To ?? length, length - 1);
        if (range is not null && !IgnoresRanges)
        {
            http.Response.StatusCode = from < length ? 206 : 416;
            http.Response.Headers.ContentRange = from < length ? $"bytes {from}-{to}/{length}" : $"bytes */{length}";
        }

        var body = from < length ? file.Content[from..(to + 1)] : [];
        if (Damages > 0 && body.Length > 0)
        {
            Damages--;
            body = [.. body[..^1], (byte)(body[^1] ^ 1)];
        }

        http.Response.ContentLength = body.Length;
        if (range?.To is null && Cuts.TryDequeue(out var cut) && cut < body.Length)
        {
            await http.Response.Body.WriteAsync(body.AsMemory(0, cut));
            await http.Response.Body.FlushAsync();
            await Task.Delay(20); // so that the sent bytes arrive before the connection breaks
            http.Abort();
            return;
        }

        await http.Response.Body.WriteAsync(body);
    }
}
