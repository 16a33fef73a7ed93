using Distil.Core.Artifacts;
using Distil.Core.Specification;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Artifacts;

/// <summary>Names in a manifest become paths on this machine.</summary>
public sealed class CheckpointManifestTests : IDisposable
{
    private const string Checkpoint = "runs/run/checkpoints/epoch-001/step-000100/";
    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Theory]
    [InlineData(Checkpoint)]
    [InlineData(Checkpoint + "folder/weights.bin")]
    [InlineData(Checkpoint + "../weights.bin")]
    [InlineData("runs/run/checkpoints/epoch-001/step-000200/weights.bin")]
    [InlineData("weights.bin")]
    public async Task A_name_that_is_not_beside_the_manifest_is_damage(string name)
    {
        var error = await RestoreAsync(name);
        Assert.Contains($"{Checkpoint}manifest.json: this manifest names {name}, expected files beside it", error);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder.Path));
    }

    [Theory]
    [InlineData(100, true)]
    [InlineData(101, false)]
    public async Task A_name_has_at_most_100_characters(int length, bool isWhole)
    {
        var error = await RestoreAsync(Checkpoint + new string('a', length));
        Assert.Equal(isWhole, error is null);
        Assert.Equal(isWhole ? 1 : 0, Directory.EnumerateFiles(_folder.Path).Count());
    }

    // Returns what was reported as damaged; null if the checkpoint was restored.
    private async Task<string?> RestoreAsync(string name)
    {
        string? reported = null;
        var store = _service.OpenStore();
        _service.Blobs[name] = "x"u8.ToArray();
        var file = new ArtifactFile(name, 1, "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"); // SHA-256 of "x"
        var manifest = new CheckpointManifest { Epoch = 0, Step = 100, EndOfEpoch = true, Files = [file] };
        await store.WriteJsonAsync($"{Checkpoint}manifest.json", manifest, Cancel);
        var checkpoints = new CheckpointStore(store, Plans.Artifacts("run").Weights(StudentVariant.Distilled, 0));
        var isRestored = await checkpoints.RestoreAsync(_folder.Path, report => reported = report, Cancel);
        Assert.Equal(isRestored, reported is null);
        return reported;
    }
}
