using Distil.Core.Errors;

namespace Distil.Core.Runs;

/// <summary>A stretch of a file. A document belongs to the range in which its first byte lies, so adjoining ranges lose and double nothing.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Start">First byte, from 0.</param>
/// <param name="End">The byte after the last.</param>
public sealed record SourceRange(string Path, long Start, long End);

/// <summary>What one prepare job reads.</summary>
public sealed record ShardSource
{
    /// <value>Number of the shard, from 0.</value>
    public required int Index { get; init; }

    /// <value>Training text.</value>
    public required IReadOnlyList<SourceRange> Ranges { get; init; }

    /// <value>Held-out text; all of it is the first shard's.</value>
    public required IReadOnlyList<SourceRange> EvalRanges { get; init; }

    /// <value>Training tokens to expect, guessed from bytes.</value>
    public required long EstimatedTokens { get; init; }

    /// <value>Training tokens after which this shard ends: its part of the dataset's maxTokens; null where there is none.</value>
    public long? MaxTokens { get; init; }
}

/// <summary>Cuts a dataset into shards by the lengths of its files alone, so that planning reads no text.</summary>
public static class ShardPlanner
{
    /// <summary>Bytes of text to a token: about what byte-level vocabularies of 30,000 and more make of English.</summary>
    private const double TextBytesPerToken = 4;

    /// <summary>Bytes of <c>{"ids": […]}</c> to a token: four digits, a comma and a space.</summary>
    private const double IdsBytesPerToken = 6;

    private const int HeadBytes = 256;

    /// <summary>Plans the shards of a dataset.</summary>
    /// <exception cref="InvalidInputException">A source cannot be used, or all of them are empty.</exception>
    public static IReadOnlyList<ShardSource> Plan(DatasetSpec dataset) =>
        Plan(dataset.Sources, dataset.Format, dataset.ShardTokens, dataset.EvalSources, dataset.MaxTokens);

    /// <summary>Plans shards of equal bytes, each of about <paramref name="shardTokens"/> training tokens or a little less.</summary>
    /// <param name="sources">Files, folders or globs; files that <paramref name="evalSources"/> name are left out.</param>
    /// <param name="format">How documents stand in the files.</param>
    /// <param name="shardTokens">Aimed-at tokens in a shard, ≥ 1.</param>
    /// <param name="evalSources">Files, folders or globs that are held out.</param>
    /// <param name="maxTokens">
    /// Training tokens in all. The text is then cut into as few shards as these tokens need, and each stops after its equal part of them:
    /// a sample from all over the text, and no job for text that is never used.
    /// </param>
    /// <exception cref="InvalidInputException">A source cannot be used, or all of them are empty.</exception>
    public static IReadOnlyList<ShardSource> Plan(
        IReadOnlyList<string> sources, DatasetFormat format, long shardTokens, IReadOnlyList<string>? evalSources = null, long? maxTokens = null)
    {
        var evalFiles = SourceFiles.Resolve(evalSources ?? [], format, "dataset.evalSources");
        var files = SourceFiles.Resolve(sources, format).Except(evalFiles, StringComparer.Ordinal).Select(Whole).ToList();
        var evalRanges = evalFiles.Select(Whole).ToList();
        RejectEmpty(files, sources, "dataset.sources");
        if (evalSources is { Count: > 0 })
        {
            RejectEmpty(evalRanges, evalSources, "dataset.evalSources");
        }

        var estimate = files.Sum(EstimateTokens);
        var wanted = Math.Min(estimate, maxTokens ?? long.MaxValue);
        var count = (int)Math.Max(1, Math.Ceiling(wanted / shardTokens));
        var bytes = files.Sum(file => file.End);
        return [.. Enumerable.Range(0, count).Select(shard => new ShardSource
        {
            Index = shard,
            Ranges = Slice(files, Part(bytes, shard, count), Part(bytes, shard + 1, count)),
            EvalRanges = shard == 0 ? evalRanges : [],
            EstimatedTokens = Part((long)Math.Ceiling(wanted), shard + 1, count) - Part((long)Math.Ceiling(wanted), shard, count),
            MaxTokens = maxTokens is { } max ? Part(max, shard + 1, count) - Part(max, shard, count) : null,
        })];
    }

    private static SourceRange Whole(string path) => new(path, 0, new FileInfo(path).Length);

    private static void RejectEmpty(List<SourceRange> files, IReadOnlyList<string> sources, string field)
    {
        if (files.Sum(file => file.End) == 0)
        {
            throw new InvalidInputException($"{field}: {string.Join(", ", sources)}: no text to read; expected at least one document");
        }
    }

    /// <summary>The part [from, to) of the files laid end to end.</summary>
    private static List<SourceRange> Slice(List<SourceRange> files, long from, long to)
    {
        var ranges = new List<SourceRange>();
        long offset = 0;
        foreach (var file in files)
        {
            var start = Math.Max(from - offset, 0);
            var end = Math.Min(to - offset, file.End);
            if (start < end)
            {
                ranges.Add(new SourceRange(file.Path, start, end));
            }

            offset += file.End;
        }

        return ranges;
    }

    private static double EstimateTokens(SourceRange file)
    {
        Span<byte> head = stackalloc byte[HeadBytes];
        using var stream = File.OpenRead(file.Path);
        var read = stream.ReadAtLeast(head, HeadBytes, throwOnEndOfStream: false);
        return file.End / (head[..read].IndexOf("\"ids\""u8) >= 0 ? IdsBytesPerToken : TextBytesPerToken);
    }

    private static long Part(long total, int index, int count) => (long)((Int128)total * index / count);
}
