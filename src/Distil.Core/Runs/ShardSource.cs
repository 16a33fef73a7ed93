namespace Distil.Core.Runs;

/// <summary>A stretch of a file. What begins in the range belongs to it, so adjoining ranges lose and double nothing.</summary>
/// <remarks>
/// A document of plain text or JSONL begins with its first byte, a row group of Parquet with its first page. Compressed text cannot be entered in
/// the middle: all of its documents begin at byte 0.
/// </remarks>
/// <param name="Path">Full path, <c>hf://</c> path with its commit, or URL.</param>
/// <param name="Start">First byte, from 0.</param>
/// <param name="End">The byte after the last.</param>
public sealed record SourceRange(string Path, long Start, long End)
{
    /// <value>The HTTP entity tag that the file must have; null where its path says enough.</value>
    public string? ETag { get; init; }
}

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
