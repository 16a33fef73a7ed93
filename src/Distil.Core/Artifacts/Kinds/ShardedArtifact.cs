namespace Distil.Core.Artifacts.Kinds;

/// <summary>A shared artifact with the types of its documents.</summary>
/// <typeparam name="TShard">A shard's closing document.</typeparam>
/// <typeparam name="TManifest">The manifest.</typeparam>
public abstract record ShardedArtifact<TShard, TManifest>(string Id) : SharedArtifact(Id)
    where TShard : class, IShardDocument
    where TManifest : class, IShardManifest<TShard>
{
    private const int ReadsAtOnce = 16;

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<ArtifactFile>?> FindFilesAsync(ArtifactStore store, CancellationToken cancel) =>
        await store.TryReadJsonAsync<TManifest>(Closing, cancel) is { } manifest ? [.. manifest.Shards.SelectMany(shard => shard.Files)] : null;

    /// <inheritdoc/>
    /// <remarks>If a manifest exists and a shard was rebuilt with other bytes, the manifest is replaced, provided that this kind allows it and nobody else
    /// has replaced it in the meantime.</remarks>
    public override async Task<CloseOutput> CloseAsync(ArtifactStore store, CancellationToken cancel)
    {
        while (true)
        {
            var (shards, missing) = await ReadShardsAsync(store, cancel); // again after a lost race: the winner may have seen newer shards
            if (missing.Count > 0)
            {
                return new CloseOutput(Missing: missing);
            }

            var manifest = ManifestOf(shards);
            if (FaultOf(manifest) is { } fault)
            {
                return new CloseOutput(fault);
            }

            if (await store.TryCreateJsonAsync(Closing, manifest, cancel))
            {
                return new CloseOutput();
            }

            var (earlier, tag) = await store.TryReadTaggedJsonAsync<TManifest>(Closing, cancel);
            var changed = earlier?.Shards.Zip(shards).FirstOrDefault(pair => !pair.First.Files.SequenceEqual(pair.Second.Files)).First;
            if (earlier is not null && changed is null)
            {
                return new CloseOutput();
            }

            if (changed is not null && FaultOfChange(changed) is { } refused)
            {
                return new CloseOutput(refused);
            }

            if (tag is { } replaced && await store.TryReplaceJsonAsync(Closing, manifest, replaced, cancel))
            {
                return new CloseOutput();
            }
        }
    }

    /// <summary>Creates the manifest over all shards, in order.</summary>
    protected abstract TManifest ManifestOf(IReadOnlyList<TShard> shards);

    /// <summary>Why the manifest would be useless; null if it is not.</summary>
    protected virtual string? FaultOf(TManifest manifest) => null;

    /// <summary>Why a shard may not be replaced by one with other bytes; null if it may.</summary>
    /// <param name="shard">The shard in the manifest.</param>
    protected virtual string? FaultOfChange(TShard shard) => null;

    private async Task<(IReadOnlyList<TShard> Found, IReadOnlyList<int> Missing)> ReadShardsAsync(ArtifactStore store, CancellationToken cancel)
    {
        var documents = new TShard?[PartCount];
        await Parallel.ForAsync(0, PartCount, new ParallelOptions { MaxDegreeOfParallelism = ReadsAtOnce, CancellationToken = cancel }, async (shard, stop) =>
        {
            try
            {
                documents[shard] = await store.TryReadJsonAsync<TShard>(PartAt(shard).Closing, stop);
            }
            catch (ArtifactException)
            {
                // Incomplete: its job finds that too, and rebuilds the shard.
            }
        });
        return ([.. documents.OfType<TShard>()], [.. Enumerable.Range(0, PartCount).Where(shard => documents[shard] is null).Take(CloseOutput.MaxMissing)]);
    }
}

/// <summary>A shard's closing document.</summary>
public interface IShardDocument
{
    /// <value>The files that it makes count, without those that the shard does not have.</value>
    IEnumerable<ArtifactFile> Files { get; }
}

/// <summary>The manifest of a shared artifact.</summary>
public interface IShardManifest<out TShard>
{
    /// <value>The shards' documents, in order.</value>
    IReadOnlyList<TShard> Shards { get; }
}
