namespace Distil.Core.Hub;

/// <summary>The hub's cache on this machine's disk, with huggingface_hub's layout, so that each program uses what the other has fetched.</summary>
/// <remarks>
/// <c>models--owner--name/blobs/ETAG</c> are the files, <c>snapshots/COMMIT/path</c> relative links to them, and <c>refs/REVISION</c> contains a commit;
/// <c>.locks/models--owner--name/ETAG.lock</c> prevents two programs from fetching one file at once (flock, as in Python's filelock).
/// </remarks>
internal sealed class HubCache(string root)
{
    /// <summary>The commit to which a revision last referred; null if the hub was never asked.</summary>
    public string? CommitOf(HubPath path) => File.Exists(Ref(path)) ? File.ReadAllText(Ref(path)).Trim() : null;

    /// <summary>Stores the commit to which a revision refers.</summary>
    public void Remember(HubPath path, string commit)
    {
        if (path.Revision == commit || CommitOf(path) == commit)
        {
            return;
        }

        AtomicFile.WriteText(Ref(path), commit);
    }

    /// <summary>Path of a pinned file, whether it exists or not.</summary>
    public string Snapshot(HubPath path) =>
        Path.Combine([Folder(path), "snapshots", path.Revision, .. path.Path.Split('/', StringSplitOptions.RemoveEmptyEntries)]);

    /// <summary>Path of a file's content, whether it exists or not.</summary>
    public string Blob(HubPath path, string etag) => Path.Combine(Folder(path), "blobs", etag);

    /// <summary>Adds a blob to the snapshot as a file.</summary>
    public void Link(HubPath path, string etag)
    {
        var (blob, link) = (Blob(path, etag), Snapshot(path));
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(link)!).FullName;
        if (FolderWalk.Exists(link))
        {
            return;
        }

        File.Delete(link); // a link whose blob was deleted
        try
        {
            File.CreateSymbolicLink(link, Path.GetRelativePath(folder, blob));
        }
        catch (IOException) when (FolderWalk.Exists(link))
        {
            // Another program has created it in the meantime.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(blob, link, overwrite: true); // a file system that does not support links
        }
    }

    /// <summary>Waits until no other program is fetching the file. Dispose the result to release the lock.</summary>
    public async Task<IDisposable> LockAsync(HubPath path, string etag, Action waiting, CancellationToken cancel)
    {
        var file = Path.Combine(root, ".locks", Name(path), etag + ".lock");
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        Directory.CreateDirectory(Path.GetDirectoryName(Blob(path, etag))!);
        for (var tries = 0; ; tries++)
        {
            try
            {
                return new FileStream(file, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(file))
            {
                if (tries == 0)
                {
                    waiting();
                }

                await Task.Delay(200, cancel);
            }
        }
    }

    /// <summary>The cached files of a snapshot, below one of its folders.</summary>
    public IEnumerable<HubFile> FilesIn(HubPath folder)
    {
        var (top, root) = (Snapshot(folder with { Path = "" }), Snapshot(folder));
        return from file in Directory.Exists(root) ? FolderWalk.Files(root) : [root]
               let blob = FolderWalk.Target(file)
               where blob is { Exists: true } // else a link whose blob was deleted
               select Found(folder, Path.GetRelativePath(top, file), blob);
    }

    private HubFile Found(HubPath folder, string relative, FileInfo blob)
    {
        var path = folder with { Path = relative.Replace(Path.DirectorySeparatorChar, '/') };
        return new HubFile(path, blob.Length, ChecksumOf(folder, blob));
    }

    // Only a blob is named after its content. Where links are not supported (Windows, network shares, copies of a cache), a snapshot consists of files
    // whose names say nothing about it.
    private string? ChecksumOf(HubPath folder, FileInfo blob) =>
        blob.Name.Length == 64 && blob.Name.All(char.IsAsciiHexDigitLower) && blob.DirectoryName == Path.GetFullPath(Path.GetDirectoryName(Blob(folder, "x"))!)
            ? blob.Name
            : null;

    private string Ref(HubPath path) => Path.Combine([Folder(path), "refs", .. path.Revision.Split('/')]);

    private string Folder(HubPath path) => Path.Combine(root, Name(path));

    private static string Name(HubPath path) => $"{path.KindWord}s--{path.Owner}--{path.Name}";
}
