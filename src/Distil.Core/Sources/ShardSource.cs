using System.Text.Json.Serialization;

namespace Distil.Core.Sources;

/// <summary>A range of a file. Everything that begins in the range belongs to it, so adjoining ranges neither lose nor repeat anything.</summary>
/// <remarks>
/// A document of plain text or JSONL begins at its first byte, a row group of Parquet at its first page. Compressed text cannot be read from the middle: all
/// its documents begin at byte 0.
/// </remarks>
/// <param name="Path">Full path, <c>hf://</c> path with its commit, or URL.</param>
/// <param name="Start">First byte, from 0.</param>
/// <param name="End">The byte after the last.</param>
public sealed record SourceRange(string Path, long Start, long End)
{
    /// <value>The required version of a file behind a URL; null if the path is sufficient.</value>
    public string? ETag { get; init; }

    /// <value>Length of a local file or of one behind a URL; null if it is determined when the file is opened.</value>
    public long? FileBytes { get; init; }

    /// <value>When a local file was last changed (UTC), as the plan found it; null for remote files, and in plans of earlier versions.</value>
    public DateTime? Modified { get; init; }

    /// <value>The SHA-256 of a local file's content, as the plan found it; null as for <see cref="Modified"/>.</value>
    public string? Sha256 { get; init; }

    /// <value>The file's name in messages; a URL's query is removed, because it may be a secret.</value>
    [JsonIgnore]
    public string Name => WebUrl.WithoutQuery(Path);

    /// <value>The whole file.</value>
    [JsonIgnore]
    public SourceFile File => new() { Path = Path, Bytes = FileBytes ?? End, ETag = ETag, Modified = Modified, Identity = Sha256 };

    /// <summary>Creates a range of a file that was found.</summary>
    public static SourceRange Of(SourceFile file, long start, long end) =>
        new(file.Path, start, end)
        {
            ETag = file.ETag, FileBytes = file.ETag is null && file.Modified is null ? null : file.Bytes, Modified = file.Modified,
        };
}

/// <summary>The input of one prepare job.</summary>
public sealed record ShardSource
{
    /// <value>Number of the shard, from 0.</value>
    public required int Index { get; init; }

    /// <value>Ranges of training text.</value>
    public required IReadOnlyList<SourceRange> Ranges { get; init; }

    /// <value>Ranges of held-out text; all of them belong to the first shard.</value>
    public required IReadOnlyList<SourceRange> EvalRanges { get; init; }

    /// <value>Expected number of training tokens, estimated from bytes.</value>
    public required long EstimatedTokens { get; init; }

    /// <value>Maximum number of training tokens: this shard's part of the dataset's maxTokens; null for no limit.</value>
    public long? MaxTokens { get; init; }
}
