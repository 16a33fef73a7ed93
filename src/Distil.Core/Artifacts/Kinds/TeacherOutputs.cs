namespace Distil.Core.Artifacts.Kinds;

/// <summary>The teacher's sparse outputs for a dataset's training rows: a teach job makes each shard, a <see cref="TeacherOutputsManifest"/> closes
/// all.</summary>
/// <remarks>Another device may round differently: a rebuilt shard may have other bytes, and then the manifest is replaced.</remarks>
/// <param name="Id">Content address: the dataset, the teacher and the stored part of its outputs.</param>
/// <param name="Dataset">The dataset to whose rows they belong, shard by shard.</param>
public sealed record TeacherOutputs(string Id, Dataset Dataset) : ShardedArtifact<TeacherOutputsShard, TeacherOutputsManifest>(Id)
{
    /// <inheritdoc/>
    public override JobKind Maker => JobKind.Teach;

    /// <inheritdoc/>
    public override string Prefix => ArtifactLayout.TeacherOutputs(Id);

    /// <inheritdoc/>
    public override string Closing => ArtifactLayout.TeacherOutputsManifest(Id);

    /// <inheritdoc/>
    public override IReadOnlyList<Artifact> Needs => [Dataset];

    /// <inheritdoc/>
    public override int PartCount => Dataset.Shards;

    /// <inheritdoc/>
    public override Part PartAt(int index) => Shard(index, ArtifactLayout.TeacherOutputsShard(Id, index), ArtifactLayout.TeacherOutputs(Id, index));

    /// <inheritdoc/>
    protected override TeacherOutputsManifest ManifestOf(IReadOnlyList<TeacherOutputsShard> shards)
    {
        var (tokens, bytes) = (shards.Sum(shard => shard.Tokens), shards.Sum(shard => shard.File?.Bytes ?? 0));
        return new TeacherOutputsManifest
        {
            TeacherOutputsId = Id,
            DatasetId = Dataset.Id,
            Shards = shards,
            Tokens = tokens,
            Bytes = bytes,
            BytesPerToken = tokens == 0 ? 0 : (double)bytes / tokens,
        };
    }
}
