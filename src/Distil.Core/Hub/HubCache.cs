namespace Distil.Core.Hub;

/// <summary>The cache on this machine's disk, laid out as huggingface_hub does, so that each uses what the other has fetched.</summary>
/// <remarks>
/// <c>models--owner--name/blobs/ETAG</c> are the files, <c>snapshots/COMMIT/path</c> relative links to them, <c>refs/REVISION</c> holds a commit;
/// <c>.locks/models--owner--name/ETAG.lock</c> keeps two programs from fetching one file at once (flock, as Python's filelock).
/// </remarks>
internal sealed class HubCache(string root)
{
    /// <summary>The commit that a revision meant when it was last asked for; null where it never was.</summary>
    public string? CommitOf(HubPath path) => File.Exists(Ref(path)) ? File.ReadAllText(Ref(path)).Trim() : null;

    /// <summary>Remembers what a revision means.</summary>
    public void Remember(HubPath path, string commit)
    {
        if (path.Revision == commit || CommitOf(path) == commit)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(Ref(path))!);
        var written = $"{Ref(path)}.{Guid.NewGuid():n}.tmp";
        File.WriteAllText(written, commit);
        File.Move(written, Ref(path), overwrite: true);
    }

    /// <summary>Where a pinned file is, or will be.</summary>
    public string Snapshot(HubPath path) => Path.Combine([Folder(path), "snapshots", path.Revision, .. path.Path.Split('/', StringSplitOptions.RemoveEmptyEntries)]);

    /// <summary>Where a file's content is, or will be.</summary>
    public string Blob(HubPath path, string etag) => Path.Combine(Folder(path), "blobs", etag);

    /// <summary>Makes a blob a file of the snapshot.</summary>
    public void Link(HubPath path, string etag)
    {
        var (blob, link) = (Blob(path, etag), Snapshot(path));
        var folder = Directory.CreateDirectory(Path.GetDirectoryName(link)!).FullName;
        if (File.Exists(link))
        {
            return;
        }

        File.Delete(link); // a link whose blob was deleted
        try
        {
            File.CreateSymbolicLink(link, Path.GetRelativePath(folder, blob));
        }
        catch (IOException) when (File.Exists(link))
        {
            // Another program was as quick.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or PlatformNotSupportedException)
        {
            File.Copy(blob, link, overwrite: true); // a file system without links
        }
    }

    /// <summary>Waits until no other program fetches the file. Dispose to let go.</summary>
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

    /// <summary>The files of a snapshot that are here, below a folder of it.</summary>
    public IEnumerable<HubFile> FilesIn(HubPath folder)
    {
        var (top, root) = (Snapshot(folder with { Path = "" }), Snapshot(folder));
        return Directory.Exists(root)
            ? Directory.EnumerateFiles(root, "*", SearchOption.AllDirectories).Select(file => Found(folder, Path.GetRelativePath(top, file), file))
            : File.Exists(root) ? [Found(folder, Path.GetRelativePath(top, root), root)] : [];
    }

    private static HubFile Found(HubPath folder, string relative, string file)
    {
        var blob = (FileInfo?)File.ResolveLinkTarget(file, returnFinalTarget: true) ?? new FileInfo(file);
        var path = folder with { Path = relative.Replace(Path.DirectorySeparatorChar, '/') };
        return new HubFile(path, blob.Length, IdentityOf(blob.Name));
    }

    /// <summary>What a blob's name says of its content.</summary>
    public static string IdentityOf(string etag) => etag.Length == 64 ? etag : $"git:{etag}";

    private string Ref(HubPath path) => Path.Combine([Folder(path), "refs", .. path.Revision.Split('/')]);

    private string Folder(HubPath path) => Path.Combine(root, Name(path));

    private static string Name(HubPath path) => $"{path.KindWord}s--{path.Owner}--{path.Name}";
}
