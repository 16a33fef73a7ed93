using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Specification;

namespace Distil.Core.Tests.Artifacts;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _reports = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private CheckpointStore Checkpoints => new(_service.OpenStore(), "run", StudentVariant.Distilled);

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task The_newest_is_restored()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(1, 100, "new");
        await SaveAsync(0, 1200, "middle");

        var restored = await RestoreAsync();

        Assert.Equal((1, 100), (restored!.Epoch, restored.Step));
        Assert.Equal("new", Restored());
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task One_without_a_manifest_does_not_count()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(0, 400, "new");
        _service.Blobs.TryRemove("runs/run/checkpoints/epoch-001/step-000400/manifest.json", out _);
        Assert.Equal(200, (await RestoreAsync())!.Step);
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task One_of_another_version_is_not_passed_over()
    {
        const string Newest = "runs/run/checkpoints/epoch-001/step-000400/manifest.json";
        await SaveAsync(0, 200, "old");
        await SaveAsync(0, 400, "new");
        _service.Blobs[Newest] = """{ "version": 2, "shards": [] }"""u8.ToArray();

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => RestoreAsync());

        Assert.StartsWith($"{Newest}: version is 2, expected 1", error.Message, StringComparison.Ordinal);
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task A_bad_one_is_reported_and_the_one_before_it_is_used()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(0, 400, "new");
        _service.Blobs["runs/run/checkpoints/epoch-001/step-000400/weights.bin"] = "bad"u8.ToArray();

        Assert.Equal(200, (await RestoreAsync())!.Step);

        Assert.Equal("old", Restored());
        var report = Assert.Single(_reports);
        Assert.StartsWith("runs/run/checkpoints/epoch-001/step-000400/weights.bin: this blob has SHA-256 ", report);
        Assert.EndsWith("; using runs/run/checkpoints/epoch-001/step-000200", report);
    }

    [Fact]
    public async Task None_is_restored_where_all_are_bad_and_that_is_said()
    {
        await SaveAsync(0, 200, "old");
        _service.Blobs["runs/run/checkpoints/epoch-001/step-000200/weights.bin"] = "short"u8.ToArray();
        Assert.Null(await RestoreAsync());
        Assert.Contains("training starts anew", Assert.Single(_reports));
    }

    [Fact]
    public async Task Later_epochs_are_left_alone_where_an_earlier_one_is_asked_for()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(1, 100, "new");
        Assert.Equal(0, (await RestoreAsync(throughEpoch: 0))!.Epoch);
        Assert.Equal("old", Restored());
    }

    [Fact]
    public async Task The_student_without_teacher_has_its_own()
    {
        await new CheckpointStore(_service.OpenStore(), "run", StudentVariant.WithoutTeacher).SaveAsync(0, 1, true, [_folder.Write("weights.bin", "x")], Cancel);
        Assert.Null(await RestoreAsync());
        Assert.Contains("runs/run/baseline/checkpoints/epoch-001/step-000001/manifest.json", _service.Blobs.Keys);
    }

    [Fact]
    public async Task Each_epochs_last_and_the_newest_two_are_kept()
    {
        foreach (var (epoch, step) in new[] { (0, 100), (0, 200), (0, 300), (1, 100), (1, 200), (1, 300) })
        {
            await SaveAsync(epoch, step, "weights");
        }

        string[] kept = ["epoch-001/step-000300", "epoch-002/step-000200", "epoch-002/step-000300"];
        Assert.Equal(
            kept.SelectMany(folder => new[] { "manifest.json", "weights.bin" }.Select(file => $"runs/run/checkpoints/{folder}/{file}")),
            _service.Blobs.Keys.Order(StringComparer.Ordinal));
    }

    private Task<CheckpointManifest> SaveAsync(int epoch, long step, string content) =>
        Checkpoints.SaveAsync(epoch, step, endOfEpoch: false, [_folder.Write("weights.bin", content)], Cancel);

    private Task<CheckpointManifest?> RestoreAsync(int? throughEpoch = null) =>
        Checkpoints.RestoreNewestAsync(Path.Combine(_folder.Path, "restored"), _reports.Add, throughEpoch, Cancel);

    private string Restored() => File.ReadAllText(Path.Combine(_folder.Path, "restored", "weights.bin"));
}
