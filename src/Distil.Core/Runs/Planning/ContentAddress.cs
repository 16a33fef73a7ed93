using System.Security.Cryptography;
using System.Text.Json;
using Distil.Core.Sources;

namespace Distil.Core.Runs.Planning;

/// <summary>Names a thing by the hash of all that determines it.</summary>
internal static class ContentAddress
{
    /// <summary>The first 128 bits of the SHA-256 of a JSON document, in hexadecimal.</summary>
    public static string Of<T>(T determinants) =>
        Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(determinants, DistilJson.Options)))[..32];

    /// <summary>What each file that the shards read holds, by its path: as its source says, else its SHA-256.</summary>
    public static IReadOnlyDictionary<string, string> OfSources(IReadOnlyList<ShardSource> shards, IReadOnlyList<SourceFile> files)
    {
        var read = shards.SelectMany(shard => shard.Ranges.Concat(shard.EvalRanges)).Select(range => range.Path).ToHashSet(StringComparer.Ordinal);
        return files.DistinctBy(file => file.Path).Where(file => read.Contains(file.Path)).AsParallel()
            .Select(file => (file.Path, Content: file.Identity ?? LocalSources.Fingerprint(file.Path)))
            .ToDictionary(pair => pair.Path, pair => pair.Content, StringComparer.Ordinal);
    }
}
