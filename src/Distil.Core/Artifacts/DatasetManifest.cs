using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>Rows of tokens in one blob.</summary>
/// <param name="File">The blob.</param>
/// <param name="Rows">Rows in it.</param>
/// <param name="Tokens">Real tokens in those rows, padding apart.</param>
public sealed record TokenFile(ArtifactFile File, long Rows, long Tokens);

/// <summary>What one prepare job made; written last by it.</summary>
public sealed record DatasetShard : IVersionedDocument, IShardDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Shard, from 0.</value>
    public required int Index { get; init; }

    /// <value>Rows to train on; null where this shard has none.</value>
    public TokenFile? Train { get; init; }

    /// <value>Rows held out for evaluation; null where this shard has none.</value>
    public TokenFile? Eval { get; init; }

    /// <value>Documents trained on or held out.</value>
    public required long Documents { get; init; }

    /// <value>What became of them.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>Bytes of the sources that this shard was given, as stored.</value>
    public required long SourceBytes { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public IEnumerable<ArtifactFile> Files => new[] { Train?.File, Eval?.File }.OfType<ArtifactFile>();
}

/// <summary>A whole dataset (<c>datasets/{datasetId}/manifest.json</c>). Its existence means that every shard is there.</summary>
public sealed record DatasetManifest : IVersionedDocument, IShardManifest<DatasetShard>
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Content address of the dataset.</value>
    public required string DatasetId { get; init; }

    /// <value>What became of the documents, in all shards.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>In order; a row's number in the dataset counts through them.</value>
    public required IReadOnlyList<DatasetShard> Shards { get; init; }

    /// <value>Rows to train on, in all shards.</value>
    public required long TrainRows { get; init; }

    /// <value>Real tokens in them.</value>
    public required long TrainTokens { get; init; }

    /// <value>Rows held out, in all shards.</value>
    public required long EvalRows { get; init; }

    /// <value>Real tokens in them.</value>
    public required long EvalTokens { get; init; }
}
