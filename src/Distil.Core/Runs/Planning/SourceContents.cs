using System.Collections.Concurrent;
using Distil.Core.Sources;

namespace Distil.Core.Runs.Planning;

/// <summary>Identifies the content of the files that a dataset reads.</summary>
internal static class SourceContents
{
    private const int FilesAtOnce = 8;

    /// <summary>Returns, by the file's path, the identity of each file that the shards read: the one that its source gives, otherwise its SHA-256, for which
    /// it is read (and fetched, if it is a small file of the hub, which has no SHA-256 there).</summary>
    public static async Task<IReadOnlyDictionary<string, string>> OfAsync(
        SourceCatalog catalog, IReadOnlyList<ShardSource> shards, IReadOnlyList<SourceFile> files, CancellationToken cancel)
    {
        var read = shards.SelectMany(shard => shard.Ranges.Concat(shard.EvalRanges)).Select(range => range.Path).ToHashSet(StringComparer.Ordinal);
        var contents = new ConcurrentDictionary<string, string>(StringComparer.Ordinal);
        await Parallel.ForEachAsync(
            files.DistinctBy(file => file.Path).Where(file => read.Contains(file.Path)),
            new ParallelOptions { MaxDegreeOfParallelism = FilesAtOnce, CancellationToken = cancel },
            async (file, stop) => contents[file.Path] = await OfAsync(catalog, file, stop));
        return contents;
    }

    /// <summary>Returns the identity of one file's content.</summary>
    public static async Task<string> OfAsync(SourceCatalog catalog, SourceFile file, CancellationToken cancel) =>
        file.Identity ?? LocalSources.Fingerprint(await catalog.FetchAsync(file, "", cancel: cancel));
}
