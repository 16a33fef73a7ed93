using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Hub;

/// <summary>Models and datasets of the Hugging Face hub: found without being fetched, fetched once a machine.</summary>
/// <remarks>Safe to use from many threads and, with other instances and Python's huggingface_hub over one cache, from many programs.</remarks>
public sealed class HubClient
{
    private readonly HubOptions _options;
    private readonly HubCache _cache;
    private readonly HubTree _tree;
    private readonly HubDownload _download;

    /// <param name="options">Endpoint, token and cache.</param>
    /// <param name="time">The clock of all delays.</param>
    /// <param name="log">Receives a line before each wait.</param>
    public HubClient(HubOptions options, TimeProvider time, ILogger log)
        : this(options, time, log, folder => new DriveInfo(folder).AvailableFreeSpace)
    {
    }

    internal HubClient(HubOptions options, TimeProvider time, ILogger log, Func<string, long> freeBytes)
    {
        _options = options;
        _cache = new HubCache(options.Cache);
        var http = new ResilientHttp(options.Retries, time, log);
        var asking = new HubHttp(options, http);
        _tree = new HubTree(options, asking);
        _download = new HubDownload(options, _cache, asking, http, freeBytes, log);
    }

    /// <summary>The path with its revision's commit in place of the revision: it means the same files for ever.</summary>
    /// <exception cref="InvalidInputException">There is no such repository or revision, no right to it, or the hub must not be asked and it is not in the cache.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached.</exception>
    public async Task<HubPath> PinAsync(HubPath path, CancellationToken cancel = default)
    {
        if (path.IsPinned)
        {
            return path;
        }

        if (_options.Offline)
        {
            return path with { Revision = _cache.CommitOf(path) ?? throw NotHere(path) };
        }

        var commit = await _tree.CommitAsync(path, cancel);
        _cache.Remember(path, commit);
        return path with { Revision = commit };
    }

    /// <summary>The files of a pinned path: the file itself, all that a folder holds, or what a glob matches; sorted by path.</summary>
    /// <exception cref="InvalidInputException">There is no such path.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached.</exception>
    public async Task<IReadOnlyList<HubFile>> ListAsync(HubPath path, CancellationToken cancel = default)
    {
        var pattern = GlobPattern.IsWild(path.Path) ? new GlobPattern(path.Path) : null;
        var folder = path with { Path = pattern?.Root ?? path.Path };
        var files = _options.Offline ? _cache.FilesIn(folder) : await AskAsync(folder, cancel);
        var skipped = folder.Path.Length == 0 ? 0 : folder.Path.Length + 1;
        return [.. files
            .Where(file => pattern is null || (file.Path.Path.Length > skipped && pattern.Matches(file.Path.Path[skipped..])))
            .OrderBy(file => file.Path.Path, StringComparer.Ordinal)];
    }

    /// <summary>Fetches a file where it is not in the cache.</summary>
    /// <param name="path">A pinned file.</param>
    /// <param name="progress">Told how far it is, in bytes.</param>
    /// <param name="cancel">Ends it; what has come stays and is gone on from.</param>
    /// <returns>Its path in the cache.</returns>
    /// <exception cref="InvalidInputException">There is no such file, no right to it, no room for it, or the hub must not be asked.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, or what comes is not what it says.</exception>
    public async Task<string> FetchAsync(HubPath path, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        if (!path.IsPinned)
        {
            throw new ArgumentException($"{path} is not pinned to a commit.", nameof(path));
        }

        var here = _cache.Snapshot(path);
        if (!File.Exists(here))
        {
            if (_options.Offline)
            {
                throw NotHere(path);
            }

            await _download.RunAsync(path, progress, cancel);
        }

        return here;
    }

    /// <summary>The folder in the cache that a pinned folder's fetched files are in.</summary>
    public string FolderOf(HubPath path) => _cache.Snapshot(path);

    private async Task<IEnumerable<HubFile>> AskAsync(HubPath path, CancellationToken cancel)
    {
        if (path.Path.Length > 0)
        {
            // The tree of a file is an error: whether it is one, its folder says.
            var parent = path with { Path = path.Path.LastIndexOf('/') is > 0 and var end ? path.Path[..end] : "" };
            var (file, isFolder) = (await _tree.ListAsync(parent, deep: false, cancel)).FirstOrDefault(entry => entry.File.Path.Path == path.Path);
            if (file is null)
            {
                throw new InvalidInputException($"{path}: {path.Repository}@{path.Revision} has no {path.Path}; expected a file or folder of it");
            }

            if (!isFolder)
            {
                return [file];
            }
        }

        return (await _tree.ListAsync(path, deep: true, cancel)).Where(entry => !entry.IsFolder).Select(entry => entry.File);
    }

    private InvalidInputException NotHere(HubPath path) =>
        new($"{path}: is not in the cache {_options.Cache}, and HF_HUB_OFFLINE is set; expected it there, or HF_HUB_OFFLINE unset");
}
