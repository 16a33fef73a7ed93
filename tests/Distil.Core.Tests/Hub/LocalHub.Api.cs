using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Distil.Core.Tests.Hub;

/// <content>The API's answers, and the files that the hub sends itself.</content>
internal sealed partial class LocalHub
{
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
}
