using Distil.Core.Sources;

namespace Distil.Core.Runs.Planning;

/// <summary>Identifies the content of the files that a dataset reads.</summary>
internal static class SourceContents
{
    /// <summary>Returns, by the file's path, the identity of each file that the shards read: the one that its source gives, otherwise its SHA-256.</summary>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<ShardSource> shards, IReadOnlyList<SourceFile> files)
    {
        var read = shards.SelectMany(shard => shard.Ranges.Concat(shard.EvalRanges)).Select(range => range.Path).ToHashSet(StringComparer.Ordinal);
        return files.DistinctBy(file => file.Path).Where(file => read.Contains(file.Path)).AsParallel()
            .Select(file => (file.Path, Content: file.Identity ?? LocalSources.Fingerprint(file.Path)))
            .ToDictionary(pair => pair.Path, pair => pair.Content, StringComparer.Ordinal);
    }
}
