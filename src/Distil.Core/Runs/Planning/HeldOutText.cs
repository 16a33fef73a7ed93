using Distil.Core.Errors;
using Distil.Core.Sources;
using Distil.Core.Specification;

namespace Distil.Core.Runs.Planning;

/// <summary>Keeps held-out text apart from the text that is trained on.</summary>
internal static class HeldOutText
{
    /// <summary>Throws if a file that is trained on has the content of a held-out one: a copy, or the same file by a link. A file that both name by one path
    /// is only held out.</summary>
    /// <param name="shards">What is read.</param>
    /// <param name="contents">The identity of each file's content, by its path.</param>
    /// <exception cref="InvalidInputException">One has; figures on text that was trained on would be too good.</exception>
    public static void RequireApart(IReadOnlyList<ShardSource> shards, IReadOnlyDictionary<string, string> contents)
    {
        var heldOut = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var range in shards.SelectMany(shard => shard.EvalRanges))
        {
            heldOut.TryAdd(contents[range.Path], range.Path);
        }

        foreach (var range in shards.SelectMany(shard => shard.Ranges))
        {
            if (heldOut.TryGetValue(contents[range.Path], out var same))
            {
                throw new InvalidInputException(
                    SpecPaths.EvalSources, $"{same} has the same content as {range.Path}, which is trained on; expected text that is in only one of them");
            }
        }
    }
}
