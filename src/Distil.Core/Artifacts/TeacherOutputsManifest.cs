using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>What one teach job made; written last by it.</summary>
public sealed record TeacherOutputsShard : IVersionedDocument, IShardDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Shard, from 0: the dataset's.</value>
    public required int Index { get; init; }

    /// <value>The outputs of the shard's training rows; null where it has none.</value>
    public ArtifactFile? File { get; init; }

    /// <value>Rows in it, the dataset shard's.</value>
    public required long Rows { get; init; }

    /// <value>Real tokens in those rows: the positions whose outputs are kept.</value>
    public required long Tokens { get; init; }

    /// <value>Tokens kept for a position, mean.</value>
    public required double MeanKeptTokens { get; init; }

    /// <value>Share of positions where maxTokens cut the nucleus short of topP.</value>
    public required double CappedShare { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public IEnumerable<ArtifactFile> Files => File is { } file ? [file] : [];
}

/// <summary>All of a teacher's outputs (<c>teacher-outputs/{id}/manifest.json</c>). Its existence means that every shard is there.</summary>
public sealed record TeacherOutputsManifest : IVersionedDocument, IShardManifest<TeacherOutputsShard>
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Content address of the outputs.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>The dataset whose rows they belong to.</value>
    public required string DatasetId { get; init; }

    /// <value>In the dataset's order.</value>
    public required IReadOnlyList<TeacherOutputsShard> Shards { get; init; }

    /// <value>Positions in all shards.</value>
    public required long Tokens { get; init; }

    /// <value>Bytes in all shards.</value>
    public required long Bytes { get; init; }

    /// <value>Bytes stored for a token, mean.</value>
    public required double BytesPerToken { get; init; }
}
