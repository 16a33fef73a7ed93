using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>The output of one teach job, which writes it last.</summary>
public sealed record TeacherOutputsShard : IVersionedDocument, IShardDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Number of the dataset's shard, from 0.</value>
    public required int Index { get; init; }

    /// <value>The outputs of the shard's training rows; null if it has none.</value>
    public ArtifactFile? File { get; init; }

    /// <value>Number of rows in it, as in the dataset's shard.</value>
    public required long Rows { get; init; }

    /// <value>Number of positions whose outputs are stored: of each real token, or, if rows have masks, before each token that counts.</value>
    public required long Tokens { get; init; }

    /// <value>Mean number of tokens kept for a position.</value>
    public required double MeanKeptTokens { get; init; }

    /// <value>Share of positions at which maxTokens cut the nucleus short of topP.</value>
    public required double CappedShare { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public IEnumerable<ArtifactFile> Files => File is { } file ? [file] : [];
}

/// <summary>All of a teacher's outputs (<c>teacher-outputs/{id}/manifest.json</c>). If it exists, every shard is complete.</summary>
public sealed record TeacherOutputsManifest : IVersionedDocument, IShardManifest<TeacherOutputsShard>
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Content address of the outputs.</value>
    public required string TeacherOutputsId { get; init; }

    /// <value>The dataset to whose rows they belong.</value>
    public required string DatasetId { get; init; }

    /// <value>The shards, in the dataset's order.</value>
    public required IReadOnlyList<TeacherOutputsShard> Shards { get; init; }

    /// <value>Number of positions in all shards.</value>
    public required long Tokens { get; init; }

    /// <value>Number of bytes in all shards.</value>
    public required long Bytes { get; init; }

    /// <value>Mean number of bytes stored for a token.</value>
    public required double BytesPerToken { get; init; }
}
