using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Pipeline.Activities;

namespace Distil.Core.Tests.Artifacts.Kinds;

/// <summary>Manifests over shards that were made again.</summary>
public sealed class SharedArtifactTests : IDisposable
{
    private static readonly Dataset Dataset = new("d", Shards: 2);
    private static readonly TeacherOutputs Outputs = new("t", Dataset);

    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public SharedArtifactTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_shard_of_teacher_outputs_with_other_bytes_replaces_the_one_in_the_manifest()
    {
        await TeachAsync(0, "aa");
        await TeachAsync(1, "bb");
        Assert.Equal(new CloseOutput(), await CloseAsync(Outputs));
        await TeachAsync(1, "cc");
        Assert.Equal(new CloseOutput(), await CloseAsync(Outputs));
        var manifest = await _store.ReadJsonAsync<TeacherOutputsManifest>(Outputs.Closing, Cancel);
        Assert.Equal(["aa", "cc"], manifest.Shards.Select(shard => shard.File!.Sha256));
    }

    [Fact]
    public async Task A_manifest_whose_shards_are_the_same_is_not_written_again()
    {
        await TeachAsync(0, "aa");
        await TeachAsync(1, "bb");
        await CloseAsync(Outputs);
        var writes = _service.Writes[Outputs.Closing];
        await TeachAsync(1, "bb");
        await CloseAsync(Outputs);
        Assert.Equal(writes, _service.Writes[Outputs.Closing]);
    }

    [Fact]
    public async Task A_torn_manifest_is_written_again()
    {
        await PrepareAsync(0, "aa");
        await PrepareAsync(1, "bb");
        await CloseAsync(Dataset);
        _service.Blobs[Dataset.Closing] = "{ \"vers"u8.ToArray();
        Assert.Equal(new CloseOutput(), await CloseAsync(Dataset));
        Assert.Equal(2, (await _store.ReadJsonAsync<DatasetManifest>(Dataset.Closing, Cancel)).Shards.Count);
    }

    [Fact]
    public async Task A_shard_of_a_dataset_with_other_bytes_means_that_the_sources_changed()
    {
        await PrepareAsync(0, "aa");
        await PrepareAsync(1, "bb");
        await CloseAsync(Dataset);
        await PrepareAsync(1, "cc");
        Assert.Equal(
            "datasets/d/tokens-00001.bin: what was made in its place differs from the dataset's manifest; the sources of d have changed. A new run prepares them anew",
            (await CloseAsync(Dataset)).Fault);
        Assert.Equal("bb", (await _store.ReadJsonAsync<DatasetManifest>(Dataset.Closing, Cancel)).Shards[1].Train!.File.Sha256);
    }

    [Fact]
    public async Task Teacher_outputs_without_tokens_have_no_bytes_per_token()
    {
        await TeachAsync(0, "aa", tokens: 0);
        await TeachAsync(1, "bb", tokens: 0);
        Assert.Equal(new CloseOutput(), await CloseAsync(Outputs));
        Assert.Equal(0, (await _store.ReadJsonAsync<TeacherOutputsManifest>(Outputs.Closing, Cancel)).BytesPerToken);
    }

    [Fact]
    public async Task Two_runs_that_close_the_same_artifact_at_once_agree()
    {
        await TeachAsync(0, "aa");
        await TeachAsync(1, "bb");
        var outputs = await Task.WhenAll(CloseAsync(Outputs), CloseAsync(Outputs), CloseAsync(Outputs));
        Assert.All(outputs, output => Assert.Equal(new CloseOutput(), output));
        Assert.Equal(1, _service.Writes[Outputs.Closing]);
    }

    [Fact]
    public async Task Shards_without_a_readable_document_are_named()
    {
        await PrepareAsync(1, "bb");
        Assert.Equal([0], (await CloseAsync(Dataset)).Missing!);
        Assert.False(await _store.ExistsAsync(Dataset.Closing, Cancel));
    }

    private Task<CloseOutput> CloseAsync(Artifact artifact) => new CloseArtifact(_store, TimeProvider.System).RunAsync(artifact, Cancel);

    private Task PrepareAsync(int shard, string checksum)
    {
        var rows = new TokenFile(new ArtifactFile(ArtifactLayout.TrainTokens("d", shard), 1, checksum), 1, 2);
        return _store.WriteJsonAsync(
            Dataset.PartAt(shard).Closing, new DatasetShard { Index = shard, Train = rows, Eval = rows, Documents = 1, SourceBytes = 1 }, Cancel);
    }

    private Task TeachAsync(int shard, string checksum, int tokens = 2) => _store.WriteJsonAsync(
        Outputs.PartAt(shard).Closing,
        new TeacherOutputsShard
        {
            Index = shard,
            File = new ArtifactFile(ArtifactLayout.TeacherOutputs("t", shard), 1, checksum),
            Rows = 1,
            Tokens = tokens,
            MeanKeptTokens = 1,
            CappedShare = 0,
        },
        Cancel);
}
