using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Tests.Hub;

/// <summary>A server on loopback that answers like the Hugging Face hub: API, files, redirects to a storage on another port that refuses tokens.</summary>
internal sealed class LocalHub : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, LocalHubRepository> _repositories = new(StringComparer.Ordinal);

    private LocalHub(WebApplication app) => _app = app;

    /// <summary>The hub's URL, for HF_ENDPOINT.</summary>
    public Uri Endpoint { get; private set; } = null!;

    /// <summary>The requests: <c>HEAD hub /owner/name/…</c>, <c>GET storage /… bytes=5-</c>, with a '*' if they contained a token.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    /// <summary>Numbers of bytes after which the storage cuts the next answers, one number for each; the answers that are the start of a file stay
    /// whole.</summary>
    public ConcurrentQueue<int> Cuts { get; } = new();

    /// <summary>Answers that replace the hub's next ones: a status, and headers.</summary>
    public ConcurrentQueue<(int Status, (string Name, string Value)[] Headers)> Refusals { get; } = new();

    /// <summary>Whether the storage sends only whole files.</summary>
    public bool IgnoresRanges { get; set; }

    /// <summary>Number of times that the storage sends wrong bytes.</summary>
    public int Damages { get; set; }

    /// <summary>The body of each of the API's answers, and its header Link, in place of the right ones; null for the right ones.</summary>
    public (byte[] Body, string? Link)? Answer { get; set; }

    /// <summary>What happens to an answer in place of its last byte, which is announced and not sent; null if the answer is whole.</summary>
    public Func<HttpContext, Task>? AnswerEnd { get; set; }

    /// <summary>Number of entries in a page of the tree.</summary>
    public int PageSize { get; set; } = 1000;

    /// <summary>Delay of the storage before a file.</summary>
    public TimeSpan Delay { get; set; }

    /// <summary>Starts the server.</summary>
    public static async Task<LocalHub> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.Listen(IPAddress.Loopback, 0);
            kestrel.Listen(IPAddress.Loopback, 0);
        });
        var app = builder.Build();
        var hub = new LocalHub(app);
        app.Run(hub.AnswerAsync);
        await app.StartAsync();
        var addresses = app.Services.GetRequiredService<Microsoft.AspNetCore.Hosting.Server.IServer>().Features
            .Get<Microsoft.AspNetCore.Hosting.Server.Features.IServerAddressesFeature>()!.Addresses.ToList();
        (hub.Endpoint, hub.Storage) = (new Uri(addresses[0]), new Uri(addresses[1]));
        return hub;
    }

    /// <summary>Adds a repository: <c>owner/name</c> for a model, <c>datasets/owner/name</c> for a dataset.</summary>
    public LocalHubRepository Add(string id) => _repositories[id] = new LocalHubRepository();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private Uri Storage { get; set; } = null!;

    private async Task AnswerAsync(HttpContext http)
    {
        var isStorage = http.Connection.LocalPort == Storage.Port;
        var token = http.Request.Headers.Authorization.ToString();
        var range = http.Request.Headers.Range.ToString();
        Requests.Enqueue($"{http.Request.Method} {(isStorage ? "storage" : "hub")} {http.Request.Path}{(range.Length > 0 ? " " : "")}{range}{(token.Length > 0 ? "*" : "")}");
        if (isStorage)
        {
            await SendBlobAsync(http, token);
        }
        else if (Refusals.TryDequeue(out var refusal))
        {
            Refuse(http, refusal.Status, refusal.Headers);
        }
        else
        {
            await SendHubAsync(http, token);
        }
    }

    private async Task SendHubAsync(HttpContext http, string token)
    {
        var raw = http.Features.Get<Microsoft.AspNetCore.Http.Features.IHttpRequestFeature>()!.RawTarget.Split('?')[0];
        var parts = raw.TrimStart('/').Split('/').Select(Uri.UnescapeDataString).ToList();
        var isApi = parts[0] == "api";
        if (isApi && Answer is { } answer)
        {
            http.Response.Headers.Link = answer.Link;
            http.Response.ContentLength = answer.Body.Length + (AnswerEnd is null ? 0 : 1);
            await http.Response.Body.WriteAsync(answer.Body);
            await (AnswerEnd?.Invoke(http) ?? Task.CompletedTask);
            return;
        }

        var isDataset = parts[isApi ? 1 : 0] == "datasets";
        parts = parts[((isApi ? 1 : 0) + (isApi || isDataset ? 1 : 0))..];
        var id = (isDataset ? "datasets/" : "") + string.Join('/', parts.Take(2));
        if (!_repositories.TryGetValue(id, out var repository) || (repository.PrivateTo is { } owner && token != $"Bearer {owner}"))
        {
            Refuse(http, token.Length > 0 ? 404 : 401, ("X-Error-Code", "RepoNotFound"), ("X-Error-Message", "Repository not found"));
            return;
        }

        if (repository.RenamedTo is { } renamed)
        {
            http.Response.Headers.Location = raw.Replace(string.Join('/', parts.Take(2)), renamed, StringComparison.Ordinal) + http.Request.QueryString;
            http.Response.StatusCode = 307;
            return;
        }

        var revision = parts[3];
        if (!repository.Commits.TryGetValue(repository.Refs.GetValueOrDefault(revision, revision), out var files))
        {
            Refuse(http, 404, ("X-Error-Code", "RevisionNotFound"), ("X-Error-Message", $"Invalid rev id: {revision}"));
            return;
        }

        var commit = repository.Refs.GetValueOrDefault(revision, revision);
        var path = string.Join('/', parts.Skip(4));
        await (parts[2] switch
        {
            "revision" => http.Response.WriteAsJsonAsync(new { id, sha = commit, siblings = files.Keys.Select(file => new { rfilename = file }) }),
            "tree" => SendTreeAsync(http, files, path),
            _ => SendFileAsync(http, repository, files, path, commit),
        });
    }

    private Task SendTreeAsync(HttpContext http, IReadOnlyDictionary<string, LocalHubFile> files, string folder)
    {
        var prefix = folder.Length == 0 ? "" : folder + "/";
        var below = files.Where(file => file.Key.StartsWith(prefix, StringComparison.Ordinal)).OrderBy(file => file.Key, StringComparer.Ordinal).ToList();
        if (below.Count == 0)
        {
            Refuse(http, 404, ("X-Error-Code", "EntryNotFound"), ("X-Error-Message", "Entry not found"));
            return Task.CompletedTask;
        }

        var deep = http.Request.Query["recursive"] == "true";
        var folders = below.Select(file => file.Key[prefix.Length..]).Where(rest => rest.Contains('/')).Select(rest => prefix + rest.Split('/')[0]).Distinct();
        var entries = folders.Select(path => (object)new { type = "directory", oid = new string('0', 40), size = 0, path })
            .Concat(below.Where(file => deep || !file.Key[prefix.Length..].Contains('/')).Select(file => file.Value.Large
                ? (object)new
                {
                    type = "file",
                    oid = file.Value.GitId,
                    size = file.Value.Content.Length,
                    lfs = new { oid = file.Value.Sha256, size = file.Value.Content.Length, pointerSize = 134 },
                    path = file.Key,
                }
                : new { type = "file", oid = file.Value.GitId, size = file.Value.Content.Length, path = file.Key }))
            .ToList();
        var from = int.TryParse(http.Request.Query["cursor"], out var cursor) ? cursor : 0;
        if (from + PageSize < entries.Count)
        {
            // The hub's links contain its own address, under whatever name it was reached.
            http.Response.Headers.Link =
                $"<https://huggingface.co{http.Request.Path}?recursive={(deep ? "true" : "false")}&expand=false&cursor={from + PageSize}>; rel=\"next\"";
        }

        return http.Response.WriteAsJsonAsync(entries.Skip(from).Take(PageSize));
    }

    private Task SendFileAsync(HttpContext http, LocalHubRepository repository, IReadOnlyDictionary<string, LocalHubFile> files, string path, string commit)
    {
        if (repository.Gated)
        {
            Refuse(http, 403, ("X-Error-Code", "GatedRepo"), ("X-Error-Message", "Access to this model is restricted"));
            return Task.CompletedTask;
        }

        if (!files.TryGetValue(path, out var file))
        {
            Refuse(http, 404, ("X-Error-Code", "EntryNotFound"), ("X-Error-Message", "Entry not found"));
            return Task.CompletedTask;
        }

        http.Response.Headers["X-Repo-Commit"] = commit;
        if (!file.Large)
        {
            http.Response.Headers.ETag = $"\"{file.GitId}\"";
            http.Response.ContentLength = file.Content.Length;
            return http.Request.Method == "HEAD" ? Task.CompletedTask : http.Response.Body.WriteAsync(file.Content).AsTask();
        }

        http.Response.Headers["X-Linked-Etag"] = $"\"{file.Sha256}\"";
        http.Response.Headers["X-Linked-Size"] = file.Content.Length.ToString(CultureInfo.InvariantCulture);
        http.Response.Headers.Location = new Uri(Storage, $"/{file.Sha256}?signed=yes").ToString();
        http.Response.StatusCode = 302;
        return Task.CompletedTask;
    }

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

    private static void Refuse(HttpContext http, int status, params (string Name, string Value)[] headers)
    {
        http.Response.StatusCode = status;
        foreach (var (name, value) in headers)
        {
            http.Response.Headers[name] = value;
        }
    }
}

/// <summary>A repository of the local hub.</summary>
internal sealed class LocalHubRepository
{
    /// <summary>Files by path, for each commit.</summary>
    public ConcurrentDictionary<string, IReadOnlyDictionary<string, LocalHubFile>> Commits { get; } = new();

    /// <summary>Commits by branch or tag.</summary>
    public ConcurrentDictionary<string, string> Refs { get; } = new();

    /// <summary>The only token that may read it.</summary>
    public string? PrivateTo { get; set; }

    /// <summary>Whether its files are gated.</summary>
    public bool Gated { get; set; }

    /// <summary>Its new name <c>owner/name</c> if it was moved.</summary>
    public string? RenamedTo { get; set; }

    /// <summary>Commits files to a branch.</summary>
    /// <returns>The commit.</returns>
    public string Commit(string branch, params (string Path, LocalHubFile File)[] files)
    {
        var commit = Convert.ToHexStringLower(SHA1.HashData(Encoding.UTF8.GetBytes($"{branch} {Commits.Count} {Guid.NewGuid()}")));
        Commits[commit] = files.ToDictionary(file => file.Path, file => file.File);
        Refs[branch] = commit;
        return commit;
    }
}

/// <summary>A file of the local hub.</summary>
/// <param name="Content">Its content.</param>
/// <param name="Large">Whether the hub stores it as a large file.</param>
internal sealed record LocalHubFile(byte[] Content, bool Large = true)
{
    public string Sha256 { get; } = Convert.ToHexStringLower(SHA256.HashData(Content));

    public string GitId { get; } = Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes($"blob {Content.Length}\0"), .. Content]));

    /// <summary>A small file of text.</summary>
    public static LocalHubFile Small(string text) => new(Encoding.UTF8.GetBytes(text), Large: false);
}
