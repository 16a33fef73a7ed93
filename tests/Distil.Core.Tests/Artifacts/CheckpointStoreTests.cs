using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Specification;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Artifacts;

public sealed class CheckpointStoreTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _reports = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Folder => Path.Combine(_folder.Path, "restored");

    public void Dispose()
    {
        _folder.Dispose();
        _service.Dispose();
    }

    [Fact]
    public async Task The_newest_of_the_epoch_is_restored()
    {
        await SaveAsync(0, 1200, "middle", endOfEpoch: true);
        await SaveAsync(1, 100, "old");
        await SaveAsync(1, 200, "new");
        Assert.True(await RestoreAsync(epoch: 1));
        Assert.Equal("new", Restored());
        Assert.Empty(_reports);
    }

    [Fact]
    public async Task An_epoch_begins_with_the_end_of_the_one_before()
    {
        await SaveAsync(0, 200, "middle");
        await SaveAsync(0, 400, "end", endOfEpoch: true);
        Assert.True(await RestoreAsync(epoch: 1));
        Assert.Equal("end", Restored());
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("no end")]
    [InlineData("damaged end")]
    public async Task An_epoch_does_not_begin_without_the_end_of_the_one_before_and_the_error_names_its_folder(string found)
    {
        if (found != "nothing")
        {
            await SaveAsync(0, 200, "middle");
        }

        if (found == "damaged end")
        {
            await SaveAsync(0, 400, "end", endOfEpoch: true);
            _service.Blobs["runs/run/checkpoints/epoch-001/step-000400/weights.bin"] = "bad"u8.ToArray();
        }

        var error = await Assert.ThrowsAsync<ArtifactException>(() => RestoreAsync(epoch: 1));

        Assert.Equal("runs/run/checkpoints/epoch-001/", Assert.Single(error.Blobs));
        Assert.Equal(found == "damaged end", error.Message.Contains("step-000400/weights.bin: this blob has SHA-256", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_end_of_an_epoch_is_restored_and_nothing_else()
    {
        await SaveAsync(0, 400, "end", endOfEpoch: true);
        await SaveAsync(1, 200, "later");
        await Checkpoints(0).RestoreEndAsync(Folder, Cancel);
        Assert.Equal("end", Restored());
        Assert.Equal(
            ["runs/run/checkpoints/epoch-002/"], (await Assert.ThrowsAsync<ArtifactException>(() => Checkpoints(1).RestoreEndAsync(Folder, Cancel))).Blobs);

        _service.Blobs["runs/run/checkpoints/epoch-001/step-000400/weights.bin"] = "bad"u8.ToArray();
        var error = await Assert.ThrowsAsync<ArtifactException>(() => Checkpoints(0).RestoreEndAsync(Folder, Cancel));
        Assert.Equal(["runs/run/checkpoints/epoch-001/step-000400/weights.bin"], error.Blobs);
    }

    [Fact]
    public async Task One_without_a_manifest_does_not_count()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(0, 400, "new");
        _service.Blobs.TryRemove("runs/run/checkpoints/epoch-001/step-000400/manifest.json", out _);
        Assert.True(await RestoreAsync());
        Assert.Equal("old", Restored());
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

        Assert.True(await RestoreAsync());
        Assert.Equal("old", Restored());
        var report = Assert.Single(_reports);
        Assert.StartsWith("runs/run/checkpoints/epoch-001/step-000400/weights.bin: this blob has SHA-256 ", report);
        Assert.EndsWith("; using runs/run/checkpoints/epoch-001/step-000200", report);
    }

    [Fact]
    public async Task None_is_restored_if_all_are_damaged_and_that_is_reported()
    {
        await SaveAsync(0, 200, "old");
        _service.Blobs["runs/run/checkpoints/epoch-001/step-000200/weights.bin"] = "short"u8.ToArray();
        Assert.False(await RestoreAsync());
        Assert.Contains("training starts from the beginning", Assert.Single(_reports));
    }

    [Fact]
    public async Task Later_epochs_are_ignored()
    {
        await SaveAsync(0, 200, "old");
        await SaveAsync(1, 100, "new");
        Assert.True(await RestoreAsync());
        Assert.Equal("old", Restored());
    }

    [Fact]
    public async Task The_student_without_teacher_has_its_own()
    {
        await Checkpoints(0, StudentVariant.WithoutTeacher).SaveAsync(1, true, [_folder.Write("weights.bin", "x")], Cancel);
        Assert.False(await RestoreAsync());
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

    [Fact]
    public async Task One_that_is_deleted_loses_its_manifest_first_so_that_a_part_of_it_never_counts()
    {
        var deleted = new List<string>();
        await Checkpoints(0).SaveAsync(100, endOfEpoch: false, [_folder.Write("a.bin", "x")], Cancel);
        await SaveAsync(0, 200, "weights");
        _service.Changed = blob => deleted.AddRange(_service.Blobs.ContainsKey(blob) ? [] : [blob]);
        await SaveAsync(0, 300, "weights");
        Assert.Equal(["manifest.json", "a.bin"], deleted.Select(Path.GetFileName));
    }

    private CheckpointStore Checkpoints(int epoch, StudentVariant student = StudentVariant.Distilled) =>
        new(_service.OpenStore(), Plans.Artifacts("run").Weights(student, epoch));

    private Task<CheckpointManifest> SaveAsync(int epoch, long step, string content, bool endOfEpoch = false) =>
        Checkpoints(epoch).SaveAsync(step, endOfEpoch, [_folder.Write("weights.bin", content)], Cancel);

    private Task<bool> RestoreAsync(int epoch = 0) => Checkpoints(epoch).RestoreAsync(Folder, _reports.Add, Cancel);

    private string Restored() => File.ReadAllText(Path.Combine(Folder, "weights.bin"));
}
