using System.Text.Json;
using System.Text.RegularExpressions;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Asks the hub for the commit of a revision and for its files, with sizes and checksums; reads none of the files.</summary>
internal sealed partial class HubTree(HubOptions options, HubHttp http, HttpBodies bodies)
{
    /// <summary>Returns the commit of a revision.</summary>
    public async Task<string> CommitAsync(HubPath path, CancellationToken cancel)
    {
        var url = new Uri($"{options.Api(path)}/revision/{Uri.EscapeDataString(path.Revision)}");
        using var answer = (await GetAsync(url, path, cancel)).Document;
        return CommitIn(answer.RootElement) is { } commit && (path with { Revision = commit }).IsPinned ? commit : throw HubRefusal.NoHub(url);
    }

    /// <summary>Returns the entries of a folder: its files and, if <paramref name="deep"/> is false, also its folders.</summary>
    public async Task<IReadOnlyList<(HubFile File, bool IsFolder)>> ListAsync(HubPath folder, bool deep, CancellationToken cancel)
    {
        var entries = new List<(HubFile, bool)>();
        var path = string.Concat(folder.Path.Split('/', StringSplitOptions.RemoveEmptyEntries).Select(segment => "/" + Uri.EscapeDataString(segment)));
        var next = new Uri($"{options.Api(folder)}/tree/{Uri.EscapeDataString(folder.Revision)}{path}?recursive={(deep ? "true" : "false")}&expand=false");
        for (var asked = new HashSet<Uri>(); next is not null;)
        {
            if (!asked.Add(next))
            {
                throw HubRefusal.NoHub(next); // a list of pages that never ends
            }

            var (document, following) = await GetAsync(next, folder, cancel);
            using (document)
            {
                entries.AddRange(Entries(document.RootElement, folder) ?? throw HubRefusal.NoHub(next));
            }

            next = following;
        }

        return entries;
    }

    private static string? CommitIn(JsonElement revision)
    {
        try
        {
            return revision.GetProperty("sha").GetString();
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    private static List<(HubFile, bool)>? Entries(JsonElement page, HubPath folder)
    {
        try
        {
            return [.. page.EnumerateArray().Select(entry => Entry(entry, folder))];
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or FormatException)
        {
            return null; // it is of another form, or names what cannot be a file
        }
    }

    private static (HubFile, bool) Entry(JsonElement entry, HubPath folder)
    {
        var path = folder with { Path = entry.GetProperty("path").GetString() ?? throw new FormatException("path") };
        if (!HubPath.IsFile(path.Path))
        {
            throw new FormatException(path.Path); // it would lead out of the cache's folder
        }

        if (entry.GetProperty("type").GetString() == "directory")
        {
            return (new HubFile(path, 0, null), true);
        }

        return entry.TryGetProperty("lfs", out var large) && large.ValueKind == JsonValueKind.Object
            ? (new HubFile(path, Size(large), large.GetProperty("oid").GetString() ?? throw new FormatException("oid")), false)
            : (new HubFile(path, Size(entry), null) { GitId = entry.TryGetProperty("oid", out var id) ? id.GetString() : null }, false);
    }

    private static long Size(JsonElement entry) => entry.GetProperty("size").GetInt64() is >= 0 and var size ? size : throw new FormatException("size");

    private async Task<(JsonDocument Document, Uri? Next)> GetAsync(Uri url, HubPath about, CancellationToken cancel)
    {
        using var response = await http.SendAsync(HttpMethod.Get, url, about, elsewhere: false, from: 0, cancel);
        try
        {
            var document = JsonDocument.Parse(await bodies.ReadAllAsync(response, cancel));
            var link = response.Headers.TryGetValues("Link", out var links) ? NextLink().Match(string.Join(",", links)) : Match.Empty;
            // A mirror may return the hub's own address, but the next page is requested from the same server.
            return (document, link.Success && Uri.TryCreate(url, link.Groups[1].Value, out var next) ? new Uri(options.Endpoint, next.PathAndQuery) : null);
        }
        catch (JsonException e)
        {
            throw HubRefusal.NoHub(url, e);
        }
    }

    [GeneratedRegex("""<([^<>]+)>\s*;\s*rel="?next"?""")]
    private static partial Regex NextLink();
}
