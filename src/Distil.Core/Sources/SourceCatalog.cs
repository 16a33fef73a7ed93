using Azure.Identity;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Hub;
using Distil.Core.Sources.Remote;
using Distil.Core.Settings;
using Distil.Core.Specification;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Core.Sources;

/// <summary>Finds the files that a specification names, local and remote, without reading them; opens and fetches files on request.</summary>
public sealed class SourceCatalog
{
    private readonly Lazy<HubClient> _hub;
    private readonly WebFiles _web;
    private readonly WebCopies _copies;
    private readonly PlannedFiles _planned = new();

    /// <param name="hub">Creates the client of the Hugging Face hub when a path first needs it.</param>
    /// <param name="web">Files behind URLs.</param>
    /// <param name="folder">The folder for copies of such files.</param>
    internal SourceCatalog(Func<HubClient> hub, WebFiles web, string folder) =>
        (_hub, _web, _copies) = (new Lazy<HubClient>(hub), web, new WebCopies(web, folder));

    /// <summary>Creates the catalogue of a program.</summary>
    /// <param name="settings">The program's settings.</param>
    /// <param name="time">The clock.</param>
    /// <param name="log">Receives a line before each wait; null to log nothing.</param>
    /// <exception cref="InvalidInputException"><c>DISTIL_SIGNED_URLS</c> or <c>AZURE_STORAGE_CONNECTION_STRING</c> contains something else.</exception>
    public static SourceCatalog Create(SourceSettings settings, TimeProvider time, ILogger? log = null) => new(
        () => new HubClient(HubOptions.From(settings.Hub), time, log ?? NullLogger.Instance),
        new WebFiles(
            new ResilientHttp(new RetryOptions(), time, log ?? NullLogger.Instance),
            new AzureAccess(settings.ConnectionString, () => new DefaultAzureCredential()),
            SignedUrls.Parse(settings.SignedUrls)),
        settings.CacheFolder);

    /// <summary>Whether a path is remote.</summary>
    public static bool IsRemote(string path) => path.Contains("://", StringComparison.Ordinal);

    /// <summary>Returns the files of some sources: in the sources' order, a folder's or glob's files sorted by path, without duplicates.</summary>
    /// <param name="sources">Files, folders (searched at any depth for the format's extension) or globs (<c>*</c>, <c>?</c>, <c>**</c>), local or in the
    /// hub.</param>
    /// <param name="format">The format of documents in the files.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <param name="others">Receives the data files of other formats in folders, which are not read; null if nobody asks.</param>
    /// <exception cref="InvalidInputException">A source is missing, has no match, or has the extension of another format.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public async Task<IReadOnlyList<SourceFile>> ListAsync(
        IReadOnlyList<string> sources, DatasetFormat format, FieldPath field, CancellationToken cancel = default, ICollection<string>? others = null)
    {
        var files = new List<SourceFile>();
        foreach (var source in sources)
        {
            try
            {
                files.AddRange(await ListAsync(source, format, field, others, cancel));
            }
            catch (InvalidInputException wrong) when (wrong.Errors.Count == 0) // the hub names only the path
            {
                throw wrong.At(field);
            }
        }

        files = [.. files.DistinctBy(file => file.Path, StringComparer.Ordinal)];
        files.ForEach(file => SourceName.RequireFits(file.Path, format, field));
        return files;
    }

    /// <summary>Returns the files directly in a model's folder, and the folder's path, which is pinned if it is remote.</summary>
    /// <exception cref="InvalidInputException">There is no such folder.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public async Task<(string Folder, IReadOnlyList<SourceFile> Files)> ListModelAsync(string folder, FieldPath field, CancellationToken cancel = default)
    {
        if (HubPath.Is(folder))
        {
            var path = await _hub.Value.PinAsync(HubPath.Parse(folder, HubKind.Model, field), cancel);
            var files = await _hub.Value.ListAsync(path with { Path = path.Path.Length > 0 ? path.Path + "/*" : "*" }, cancel);
            return (path.ToString(), [.. files.Select(HubSources.Of)]);
        }

        if (IsRemote(folder))
        {
            return (WebUrl.WithoutQuery(folder), await _copies.ListModelAsync(folder, field, cancel));
        }

        return Directory.Exists(folder)
            ? (folder, [.. Directory.EnumerateFiles(folder).Where(FolderWalk.Exists).Order(StringComparer.Ordinal).Select(LocalSources.FileAt)])
            : throw new InvalidInputException(field, $"{folder} does not exist; expected a Hugging Face folder, or hf://owner/name[@revision][/folder]");
    }

    /// <summary>Returns a file's local path, after fetching it if it is remote and not cached.</summary>
    /// <param name="file">A file that was found.</param>
    /// <param name="set">Names the files that must come into one folder; it applies to files behind URLs, because the hub's are in their snapshot's
    /// folder.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The file no longer exists or may not be read, or the disk is full.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public async Task<string> FetchAsync(SourceFile file, string set, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default) =>
        HubPath.Is(file.Path) ? await _hub.Value.FetchAsync(Pinned(file), progress, cancel)
        : IsRemote(file.Path) ? await _copies.FetchAsync(file, set, progress, cancel)
        : _planned.RequireUnchanged(file);

    /// <summary>Requires that a local file is the one that was found: of the same length and time of change, or of the same content.</summary>
    /// <exception cref="InvalidInputException">It is missing or has changed.</exception>
    public void RequireUnchanged(SourceFile file)
    {
        if (!IsRemote(file.Path))
        {
            _planned.RequireUnchanged(file);
        }
    }

    /// <summary>Opens a file that was found, as a seekable stream. A file of the hub is fetched completely, a file behind a URL is read in parts.</summary>
    /// <exception cref="InvalidInputException">As for <see cref="FetchAsync"/>, or it has changed.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public async Task<Stream> OpenAsync(SourceFile file, IProgress<TransferProgress>? progress = null, CancellationToken cancel = default)
    {
        if (IsRemote(file.Path) && !HubPath.Is(file.Path))
        {
            return _web.Open(file, cancel);
        }

        try
        {
            var path = await FetchAsync(file, "", progress, cancel);
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{file.Path}: cannot be read: {e.Message}", e);
        }
    }

    /// <summary>Reads the first bytes of a file that was found, without fetching the rest.</summary>
    /// <param name="file">The file.</param>
    /// <param name="count">Maximum number of bytes; fewer are returned only if the file is shorter.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">As for <see cref="FetchAsync"/>, or it has changed.</exception>
    /// <exception cref="RemoteException">A server cannot be reached.</exception>
    public async Task<byte[]> ReadStartAsync(SourceFile file, int count, CancellationToken cancel = default)
    {
        count = (int)Math.Min(count, file.Bytes);
        if (HubPath.Is(file.Path))
        {
            return await _hub.Value.ReadStartAsync(Pinned(file), count, cancel);
        }

        var bytes = new byte[count];
        await using var stream = await OpenAsync(file, cancel: cancel);
        return bytes[..await stream.ReadAtLeastAsync(bytes, count, throwOnEndOfStream: false, cancel)];
    }

    private async Task<IReadOnlyList<SourceFile>> ListAsync(
        string source, DatasetFormat format, FieldPath field, ICollection<string>? others, CancellationToken cancel)
    {
        if (string.IsNullOrWhiteSpace(source))
        {
            throw new InvalidInputException(field, $"a source is empty; expected a file, a folder or a glob");
        }

        return HubPath.Is(source) ? await HubSources.ListAsync(_hub.Value, source, format, field, others, cancel)
            : IsRemote(source) ? await ListWebAsync(source, field, cancel)
            : LocalSources.List(source, format, field, others, cancel);
    }

    private async Task<IReadOnlyList<SourceFile>> ListWebAsync(string source, FieldPath field, CancellationToken cancel)
    {
        var files = GlobPattern.IsWild(WebUrl.WithoutQuery(source)) ? await _web.ListAsync(source, field, cancel)
            : await _web.FindAsync(source, field, cancel) is { } file ? [file]
            : [];
        return files.Count > 0
            ? files
            : throw new InvalidInputException(field, $"{WebUrl.WithoutQuery(source)} does not exist; expected a file, or a pattern that blobs match");
    }

    private static HubPath Pinned(SourceFile file) => HubPath.Parse(file.Path, HubKind.Dataset, FieldPath.Named("path"));
}
