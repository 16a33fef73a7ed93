namespace Distil.Core.Artifacts.Kinds;

/// <summary>Rows of tokens to train on and rows held out, made from text: a prepare job makes each shard, a <see cref="DatasetManifest"/> closes all.</summary>
/// <param name="Id">Content address: files, tokenizer and settings that determine the rows.</param>
/// <param name="Shards">Number of shards.</param>
public sealed record Dataset(string Id, int Shards) : ShardedArtifact<DatasetShard, DatasetManifest>(Id)
{
    /// <inheritdoc/>
    public override JobKind Maker => JobKind.Prepare;

    /// <inheritdoc/>
    public override string Prefix => ArtifactLayout.Dataset(Id);

    /// <inheritdoc/>
    public override string Closing => ArtifactLayout.DatasetManifest(Id);

    /// <inheritdoc/>
    public override IReadOnlyList<Artifact> Needs => [];

    /// <inheritdoc/>
    public override int PartCount => Shards;

    /// <inheritdoc/>
    public override Part PartAt(int index) =>
        Shard(index, ArtifactLayout.DatasetShard(Id, index), ArtifactLayout.TrainTokens(Id, index), ArtifactLayout.EvalTokens(Id, index));

    /// <inheritdoc/>
    protected override DatasetManifest ManifestOf(IReadOnlyList<DatasetShard> shards) => new()
    {
        DatasetId = Id,
        Shards = shards,
        Counts = DocumentCounts.Sum([.. shards.Select(shard => shard.Counts)]),
        TrainRows = shards.Sum(shard => shard.Train?.Rows ?? 0),
        TrainTokens = shards.Sum(shard => shard.Train?.Tokens ?? 0),
        EvalRows = shards.Sum(shard => shard.Eval?.Rows ?? 0),
        EvalTokens = shards.Sum(shard => shard.Eval?.Tokens ?? 0),
        TrainLabels = Labels(shards.Select(shard => shard.Train)),
        EvalLabels = Labels(shards.Select(shard => shard.Eval)),
    };

    private static long? Labels(IEnumerable<TokenFile?> files) =>
        files.OfType<TokenFile>().Where(file => file.Labels is not null).ToList() is { Count: > 0 } masked ? masked.Sum(file => file.Labels) : null;

    /// <inheritdoc/>
    protected override string? FaultOf(DatasetManifest manifest) => manifest switch
    {
        { TrainRows: 0, Counts: { PassedOver: > 0 } counts } =>
            $"dataset.sources: no row to train on; of {counts.Read:N0} documents {counts.DescribePassedOver()}; expected "
            + (counts.WithoutLabel is null ? "text in dataset.textField" : "conversations in the form of dataset.chat with a token to train on"),
        { TrainRows: 0 } => "dataset.sources: no row to train on; expected more text, or a smaller dataset.contextLength or dataset.evalFraction",
        { EvalRows: 0 } => "dataset: no row held out for evaluation; expected more documents, dataset.evalSources or a larger dataset.evalFraction",
        _ => null,
    };

    /// <inheritdoc/>
    /// <remarks>Rows are a function of the sources: other bytes mean that the sources changed, and teacher outputs belong to the old rows.</remarks>
    protected override string? FaultOfChange(DatasetShard shard) =>
        $"{shard.Files.FirstOrDefault()?.Name ?? PartAt(shard.Index).Closing}: what was made in its place differs from the dataset's manifest; "
        + $"the sources of {Id} have changed. A new run prepares them anew";
}
