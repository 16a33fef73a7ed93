using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Core.Hub;

/// <summary>Client of the Hugging Face hub: finds models and datasets without fetching them, and fetches each file once for a machine.</summary>
/// <remarks>Many threads may use it at once; many programs, Python's huggingface_hub included, may share one cache.</remarks>
public sealed class HubClient
{
    private readonly HubOptions _options;
    private readonly HubCache _cache;
    private readonly HubTree _tree;
    private readonly HubDownload _download;
    private readonly HubStart _start;

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
        _tree = new HubTree(options, asking, http.Bodies);
        _download = new HubDownload(options, _cache, asking, http.Bodies, freeBytes, log);
        _start = new HubStart(asking, http.Bodies);
    }

    /// <summary>Returns the path with the commit of its revision in place of the revision, so that it always refers to the same files.</summary>
    /// <exception cref="InvalidInputException">The repository or revision does not exist or may not be read, or the client is offline and the cache does not
    /// contain it.</exception>
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

    /// <summary>Returns the files of a pinned path: the file itself, all files of a folder, or the matches of a glob; sorted by path.</summary>
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

    /// <summary>Fetches a file unless it is in the cache.</summary>
    /// <param name="path">A pinned file.</param>
    /// <param name="progress">Receives the progress, in bytes.</param>
    /// <param name="cancel">Cancels the call; the part that has arrived remains, and a later call resumes it.</param>
    /// <returns>Its path in the cache.</returns>
    /// <exception cref="InvalidInputException">The file does not exist or may not be read, the disk is full, or the client is offline.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached, or the received file does not match its checksum.</exception>
    public async Task<string> FetchAsync(HubPath path, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        if (!path.IsPinned)
        {
            throw new ArgumentException($"{path} is not pinned to a commit.", nameof(path));
        }

        var here = _cache.Snapshot(path);
        if (!FolderWalk.Exists(here))
        {
            if (_options.Offline)
            {
                throw NotHere(path);
            }

            await _download.RunAsync(path, progress, cancel);
        }

        return here;
    }

    /// <summary>Reads the first bytes of a file, from the cache or, without fetching the rest, from the hub.</summary>
    /// <param name="path">A pinned file.</param>
    /// <param name="count">Number of bytes; the file has at least as many.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">As for <see cref="FetchAsync"/>.</exception>
    /// <exception cref="RemoteException">The hub cannot be reached.</exception>
    public async Task<byte[]> ReadStartAsync(HubPath path, int count, CancellationToken cancel = default)
    {
        var here = _cache.Snapshot(path);
        if (!File.Exists(here))
        {
            return _options.Offline ? throw NotHere(path) : await _start.ReadAsync(_options.UrlOf(path), path, count, cancel);
        }

        var bytes = new byte[count];
        await using var file = File.OpenRead(here);
        await file.ReadExactlyAsync(bytes, cancel);
        return bytes;
    }

    /// <summary>The folder in the cache for the fetched files of a pinned folder.</summary>
    public string FolderOf(HubPath path) => _cache.Snapshot(path);

    private async Task<IEnumerable<HubFile>> AskAsync(HubPath path, CancellationToken cancel)
    {
        if (path.Path.Length > 0)
        {
            // The tree of a file is an error, so its folder is asked whether it is a file.
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
