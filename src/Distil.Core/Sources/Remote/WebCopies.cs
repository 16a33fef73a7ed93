using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Safetensors;

namespace Distil.Core.Sources.Remote;

/// <summary>Local copies of a model's files behind URLs, which are needed complete and in one folder.</summary>
/// <param name="web">Reads the files.</param>
/// <param name="folder">The folder of the copies.</param>
internal sealed class WebCopies(WebFiles web, string folder)
{
    private const int BufferBytes = 1 << 20;

    /// <summary>Returns the files of a model's folder that exist, of those that a model can have: a URL has no list of its files.</summary>
    /// <param name="url">The folder; a query, such as a signature, applies to each file.</param>
    /// <param name="field">The specification's field, for messages.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<IReadOnlyList<SourceFile>> ListModelAsync(string url, FieldPath field, CancellationToken cancel)
    {
        var files = new List<SourceFile>();
        foreach (var name in ModelFiles.Names)
        {
            if (await FindAsync(name) is { } file)
            {
                files.Add(file);
            }
        }

        if (files.Find(file => NameOf(file) == WeightIndex.Name) is { } index)
        {
            var shards = WeightIndex.Read(await FetchAsync(index, "", null, cancel), index.Path);
            foreach (var name in WeightIndex.FilesOf(files.Exists(file => NameOf(file) == WeightIndex.SingleName), shards).Except(files.Select(NameOf)))
            {
                files.Add(await FindAsync(name) ?? throw new InvalidInputException(
                    field, $"{WebUrl.WithoutQuery(url)} has no {name}, which its {WeightIndex.Name} names"));
            }
        }

        return files;

        Task<SourceFile?> FindAsync(string name)
        {
            var parts = url.Split('?', 2);
            return web.FindAsync(
                $"{parts[0].TrimEnd('/')}/{Uri.EscapeDataString(name)}{(parts.Length > 1 ? "?" : "")}{parts.ElementAtOrDefault(1)}", field, cancel);
        }
    }

    /// <summary>Returns the path of a file's copy; copies the file if there is none.</summary>
    /// <param name="file">A file that was found.</param>
    /// <param name="set">Files of one set are in one folder; if it is empty, the file has a folder of its own.</param>
    /// <param name="progress">Receives the progress.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async Task<string> FetchAsync(SourceFile file, string set, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        var path = Path.Combine(folder, "web", set.Length > 0 ? set : ContentAddress.Of(file.Identity!), NameOf(file));
        if (!File.Exists(path))
        {
            await AtomicFile.WriteAsync(path, temporary => CopyAsync(file, temporary, progress, cancel));
        }

        return path;
    }

    private async Task CopyAsync(SourceFile file, string path, IProgress<TransferProgress>? progress, CancellationToken cancel)
    {
        await using var from = web.Open(file, cancel);
        await using var to = File.Create(path);
        var buffer = new byte[BufferBytes];
        while (await from.ReadAsync(buffer, cancel) is > 0 and var read)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), cancel);
            progress?.Report(new TransferProgress(NameOf(file), to.Length, file.Bytes));
        }
    }

    private static string NameOf(SourceFile file) => Uri.UnescapeDataString(WebUrl.WithoutQuery(file.Path).Split('/')[^1]);
}
