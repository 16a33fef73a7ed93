using System.Globalization;
using System.Text.Json.Nodes;
using Distil.Core.Http;

namespace Distil.Core.Hub;

/// <summary>Uploads large files to the storage that a hub names (Git LFS's batch API, https://github.com/git-lfs/git-lfs/blob/main/docs/api/batch.md, with the
/// hub's parts for files of several GB). What the storage has already is not sent again.</summary>
internal sealed class LfsUpload(HubOptions options, HubApi api, HubPath repository, IProgress<TransferProgress>? progress)
{
    private const string ChunkSize = "chunk_size";

    /// <summary>Uploads files, one after the other.</summary>
    /// <exception cref="Errors.InvalidInputException">The hub refuses.</exception>
    /// <exception cref="RemoteException">Hub or storage cannot be reached, refuse a file, or do not answer as they should.</exception>
    internal async Task RunAsync(IReadOnlyList<UploadFile> files, CancellationToken cancel)
    {
        if (files.Count == 0)
        {
            return;
        }

        var url = new Uri($"{options.Base}/{repository.Repository}.git/info/lfs/objects/batch");
        var request = new JsonObject
        {
            ["operation"] = "upload",
            ["transfers"] = new JsonArray("basic", "multipart"),
            ["hash_algo"] = "sha256",
            ["ref"] = new JsonObject { ["name"] = repository.Revision },
            ["objects"] = new JsonArray([.. files.Select(file => new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Bytes })]),
        };
        var answer = await api.PostAsync(url, repository, HubApi.Lfs, request.ToJsonString(), cancel);
        var objects = (answer?["objects"] as JsonArray ?? throw HubRefusal.NoHub(url)).OfType<JsonObject>().ToLookup(entry => entry["oid"]?.ToString());
        foreach (var file in files)
        {
            var entry = objects[file.Sha256].FirstOrDefault() ?? throw HubRefusal.NoHub(url);
            if (entry["error"] is { } error)
            {
                throw new RemoteException($"{repository}: the storage refuses {file.Name}: {error["message"]}");
            }

            if (entry["actions"]?["upload"] is JsonObject upload)
            {
                await SendAsync(file, upload, cancel);
                await VerifyAsync(file, entry["actions"]!["verify"], cancel);
            }

            progress?.Report(new(file.Name, file.Bytes, file.Bytes));
        }
    }

    private async Task SendAsync(UploadFile file, JsonObject upload, CancellationToken cancel)
    {
        var href = UrlOf(upload["href"]);
        if (upload["header"] is not JsonObject header || header[ChunkSize] is not { } chunk)
        {
            await api.PutAsync(href, file.Path, 0, file.Bytes, cancel);
            return;
        }

        var size = long.TryParse(chunk.ToString(), CultureInfo.InvariantCulture, out var bytes) && bytes > 0 ? bytes : throw HubRefusal.NoHub(href);
        var urls = header.Where(part => int.TryParse(part.Key, NumberStyles.None, CultureInfo.InvariantCulture, out _))
            .OrderBy(part => int.Parse(part.Key, CultureInfo.InvariantCulture)).Select(part => UrlOf(part.Value)).ToList();
        if (urls.Count != (file.Bytes + size - 1) / size)
        {
            throw HubRefusal.NoHub(href);
        }

        var parts = new JsonArray();
        foreach (var (i, url) in urls.Index())
        {
            var tag = await api.PutAsync(url, file.Path, i * size, Math.Min(size, file.Bytes - i * size), cancel);
            parts.Add(new JsonObject { ["partNumber"] = i + 1, ["etag"] = tag.Length > 0 ? tag : throw HubRefusal.NoHub(url) });
        }

        var complete = new JsonObject { ["oid"] = file.Sha256, ["parts"] = parts };
        await api.PostAsync(href, repository, HubApi.Lfs, complete.ToJsonString(), cancel);
    }

    private async Task VerifyAsync(UploadFile file, JsonNode? verify, CancellationToken cancel)
    {
        if (verify is JsonObject action)
        {
            var named = new JsonObject { ["oid"] = file.Sha256, ["size"] = file.Bytes };
            await api.PostAsync(UrlOf(action["href"]), repository, HubApi.Lfs, named.ToJsonString(), cancel);
        }
    }

    private Uri UrlOf(JsonNode? node) =>
        Uri.TryCreate(node?.ToString(), UriKind.Absolute, out var url) && url is { Scheme: "http" or "https" } ? url : throw HubRefusal.NoHub(options.Endpoint);
}
