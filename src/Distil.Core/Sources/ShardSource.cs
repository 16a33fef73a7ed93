using System.Text.Json.Serialization;
using Distil.Core.Http;
using Distil.Core.Sources.Remote;

namespace Distil.Core.Sources;

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
    /// <value>The version that a file behind a URL must have; null where the path says enough.</value>
    public string? ETag { get; init; }

    /// <value>Length of a file behind a URL; null where it is found out when the file is opened.</value>
    public long? FileBytes { get; init; }

    /// <value>What messages call the file: a URL's query may be a secret.</value>
    [JsonIgnore]
    public string Name => WebUrl.WithoutQuery(Path);

    /// <value>The whole file.</value>
    [JsonIgnore]
    public SourceFile File => new() { Path = Path, Bytes = FileBytes ?? End, ETag = ETag };

    /// <summary>A part of a file that was found.</summary>
    public static SourceRange Of(SourceFile file, long start, long end) =>
        new(file.Path, start, end) { ETag = file.ETag, FileBytes = file.ETag is null ? null : file.Bytes };
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
