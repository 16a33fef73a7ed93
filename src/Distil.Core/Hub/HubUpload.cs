using System.Text;
using System.Text.Json.Nodes;
using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Hub;

/// <summary>Uploads a folder as one commit of a repository in the Hugging Face hub: what is interrupted is sent again by the next call, except files that have
/// arrived, and a repository shows all files or none.</summary>
/// <remarks>The requests are those of Python's huggingface_hub (https://huggingface.co/docs/hub/api).</remarks>
public sealed class HubUpload
{
    private const string Json = "application/json", Lines = "application/x-ndjson";

    private readonly HubOptions _options;
    private readonly HubApi _api;
    private readonly HubTree _tree;

    /// <param name="options">Endpoint and token.</param>
    /// <param name="time">The clock of all delays.</param>
    /// <param name="log">Receives a line before each wait.</param>
    public HubUpload(HubOptions options, TimeProvider time, ILogger log)
    {
        var http = new ResilientHttp(options.Retries, time, log);
        (_options, _api, _tree) = (options, new(options, http), new(options, new(options, http), http.Bodies));
    }

    /// <summary>Uploads the files of a folder, without its subfolders, and verifies that the commit has their content.</summary>
    /// <param name="repository">The model's repository and branch; created if it does not exist.</param>
    /// <param name="folder">The folder.</param>
    /// <param name="isPrivate">Whether a new repository is visible only to its owner.</param>
    /// <param name="summary">The commit's message.</param>
    /// <param name="progress">Receives each large file that has arrived.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>The commit.</returns>
    /// <exception cref="InvalidInputException">There is no token or no file, or the hub refuses.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, does not answer as it should, or has other content than was sent.</exception>
    public async Task<string> RunAsync(
        HubPath repository, string folder, bool isPrivate, string summary, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        RequireToken(repository);
        var files = new List<UploadFile>();
        foreach (var path in Directory.EnumerateFiles(folder)
            .Where(path => !path.EndsWith(AtomicFile.TemporaryExtension, StringComparison.Ordinal)).Order(StringComparer.Ordinal))
        {
            files.Add(await UploadFile.OfAsync(path, cancel));
        }

        if (files.Count == 0)
        {
            throw new InvalidInputException($"{folder}: has no files; expected a model's folder");
        }

        await CreateAsync(repository, isPrivate, cancel);
        var large = await ChooseAsync(repository, files, cancel);
        await new LfsUpload(_options, _api, repository, progress).RunAsync([.. files.Where(large.Contains)], cancel);
        var commit = await CommitAsync(repository, files, large, summary, cancel);
        await VerifyAsync(repository with { Revision = commit }, files, cancel);
        return commit;
    }

    private void RequireToken(HubPath repository)
    {
        if (_options.Offline)
        {
            throw new InvalidInputException($"{repository}: HF_HUB_OFFLINE is set; expected it unset, because an upload needs the hub");
        }

        if (_options.Token is null)
        {
            throw new InvalidInputException($"{repository}: no token is set (HF_TOKEN, or `hf auth login`); expected one that may write to {repository.Repository}");
        }
    }

    private async Task CreateAsync(HubPath repository, bool isPrivate, CancellationToken cancel)
    {
        var request = new JsonObject { ["type"] = "model", ["name"] = repository.Name, ["organization"] = repository.Owner, ["private"] = isPrivate };
        await _api.PostAsync(new($"{_options.Base}/api/repos/create"), repository, Json, request.ToJsonString(), cancel, mayExist: true);
    }

    /// <summary>The files that the hub stores as large ones.</summary>
    private async Task<HashSet<UploadFile>> ChooseAsync(HubPath repository, IReadOnlyList<UploadFile> files, CancellationToken cancel)
    {
        var url = Api(repository, "preupload");
        var request = new JsonObject
        {
            ["files"] = new JsonArray([.. files.Select(file => new JsonObject
            {
                ["path"] = file.Name, ["size"] = file.Bytes, ["sample"] = Convert.ToBase64String(file.ReadSample()),
            })]),
        };
        var answer = await _api.PostAsync(url, repository, Json, request.ToJsonString(), cancel);
        var modes = (answer?["files"] as JsonArray ?? throw HubRefusal.NoHub(url)).ToLookup(entry => entry?["path"]?.ToString(), entry => entry?["uploadMode"]?.ToString());
        return [.. files.Where(file => modes[file.Name].FirstOrDefault() switch
        {
            "lfs" => true,
            "regular" => false,
            _ => throw HubRefusal.NoHub(url),
        })];
    }

    private async Task<string> CommitAsync(
        HubPath repository, IReadOnlyList<UploadFile> files, HashSet<UploadFile> large, string summary, CancellationToken cancel)
    {
        var lines = new StringBuilder();
        void Add(string key, JsonObject value) => lines.Append(new JsonObject { ["key"] = key, ["value"] = value }.ToJsonString()).Append('\n');
        Add("header", new JsonObject { ["summary"] = summary, ["description"] = "" });
        foreach (var file in files)
        {
            if (large.Contains(file))
            {
                Add("lfsFile", new JsonObject { ["path"] = file.Name, ["algo"] = "sha256", ["oid"] = file.Sha256, ["size"] = file.Bytes });
            }
            else
            {
                var content = await File.ReadAllBytesAsync(file.Path, cancel);
                Add("file", new JsonObject { ["path"] = file.Name, ["content"] = Convert.ToBase64String(content), ["encoding"] = "base64" });
            }
        }

        var url = Api(repository, "commit");
        var answer = await _api.PostAsync(url, repository, Lines, lines.ToString(), cancel);
        return answer?["commitOid"]?.ToString() is { } commit && (repository with { Revision = commit }).IsPinned ? commit : throw HubRefusal.NoHub(url);
    }

    private async Task VerifyAsync(HubPath commit, IReadOnlyList<UploadFile> files, CancellationToken cancel)
    {
        var stored = (await _tree.ListAsync(commit, deep: false, cancel)).ToDictionary(entry => entry.File.Path.Path, entry => entry.File);
        foreach (var file in files)
        {
            var there = stored.GetValueOrDefault(file.Name) ?? throw new RemoteException($"{commit}: has no {file.Name}, which was sent; push again");
            if (there.Bytes != file.Bytes || (there.Sha256 is { } sha256 ? sha256 != file.Sha256 : there.GitId is { } git && git != file.GitId))
            {
                throw new RemoteException($"{commit}: {file.Name} is not what was sent ({there.Bytes} bytes, {file.Bytes} were sent); push again");
            }
        }
    }

    private Uri Api(HubPath repository, string what) =>
        new($"{_options.Api(repository)}/{what}/{Uri.EscapeDataString(repository.Revision)}");
}
