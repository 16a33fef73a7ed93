using Distil.Core.Sources;

namespace Distil.Core.Runs.Planning;

/// <summary>What the files that a dataset reads contain.</summary>
internal static class SourceContents
{
    /// <summary>Names the content of each file that the shards read, by the file's path: the identity that its source gives, otherwise its SHA-256.</summary>
    public static IReadOnlyDictionary<string, string> Of(IReadOnlyList<ShardSource> shards, IReadOnlyList<SourceFile> files)
    {
        var read = shards.SelectMany(shard => shard.Ranges.Concat(shard.EvalRanges)).Select(range => range.Path).ToHashSet(StringComparer.Ordinal);
        return files.DistinctBy(file => file.Path).Where(file => read.Contains(file.Path)).AsParallel()
            .Select(file => (file.Path, Content: file.Identity ?? LocalSources.Fingerprint(file.Path)))
            .ToDictionary(pair => pair.Path, pair => pair.Content, StringComparer.Ordinal);
    }
}
