using System.Text.Json.Serialization;
using Distil.Core.Artifacts.Kinds;

namespace Distil.Core.Artifacts;

/// <summary>Rows of tokens in one blob.</summary>
/// <param name="File">The blob.</param>
/// <param name="Rows">Number of rows in it.</param>
/// <param name="Tokens">Number of real tokens in those rows, without padding.</param>
public sealed record TokenFile(ArtifactFile File, long Rows, long Tokens)
{
    /// <value>Number of tokens that count in the losses; null if the rows have no mask.</value>
    public long? Labels { get; init; }
}

/// <summary>The output of one prepare job, which writes it last.</summary>
public sealed record DatasetShard : IVersionedDocument, IShardDocument
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Number of the shard, from 0.</value>
    public required int Index { get; init; }

    /// <value>Rows to train on; null if the shard has none.</value>
    public TokenFile? Train { get; init; }

    /// <value>Rows held out for evaluation; null if the shard has none.</value>
    public TokenFile? Eval { get; init; }

    /// <value>Number of documents used for training or held out.</value>
    public required long Documents { get; init; }

    /// <value>Documents by what was done with them.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>Bytes of the sources that this shard read, as stored.</value>
    public required long SourceBytes { get; init; }

    /// <inheritdoc/>
    [JsonIgnore]
    public IEnumerable<ArtifactFile> Files => new[] { Train?.File, Eval?.File }.OfType<ArtifactFile>();
}

/// <summary>A whole dataset (<c>datasets/{datasetId}/manifest.json</c>). If it exists, every shard is complete.</summary>
public sealed record DatasetManifest : IVersionedDocument, IShardManifest<DatasetShard>
{
    /// <inheritdoc />
    public int Version { get; init; } = DocumentVersion.Current;

    /// <value>Content address of the dataset.</value>
    public required string DatasetId { get; init; }

    /// <value>Documents in all shards, by what was done with them.</value>
    public DocumentCounts Counts { get; init; } = new();

    /// <value>The shards in order; rows are numbered through all of them.</value>
    public required IReadOnlyList<DatasetShard> Shards { get; init; }

    /// <value>Number of rows to train on, in all shards.</value>
    public required long TrainRows { get; init; }

    /// <value>Number of real tokens in them.</value>
    public required long TrainTokens { get; init; }

    /// <value>Number of these that count in the losses; null if the rows have no masks.</value>
    public long? TrainLabels { get; init; }

    /// <value>Number of rows held out, in all shards.</value>
    public required long EvalRows { get; init; }

    /// <value>Number of real tokens in them.</value>
    public required long EvalTokens { get; init; }

    /// <value>Number of these that count in the losses; null if the rows have no masks.</value>
    public long? EvalLabels { get; init; }
}
