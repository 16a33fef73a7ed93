using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Pipeline.Activities;
using Distil.Core.Runs;
using Distil.Core.Runs.Garbage;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Runs.Garbage;

public sealed class GarbageSearchTests : IDisposable
{
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public GarbageSearchTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task What_no_run_names_is_found_with_its_size_and_deleted_with_its_manifest_first()
    {
        await RunAsync("a", RunState.Succeeded);
        Put("datasets/data/manifest.json", "datasets/data/tokens-00000.bin", "teacher-outputs/outputs/manifest.json");
        Put("datasets/old/eval-00000.bin", "datasets/old/manifest.json", "datasets/old/tokens-00000.bin", "teacher-outputs/old/shard-00000.bin");

        var found = await FindAsync();

        Assert.Equal(
            [(GarbageKind.Dataset, "datasets/old/", 30L), (GarbageKind.TeacherOutputs, "teacher-outputs/old/", 10L)],
            found.Select(item => (item.Kind, item.Name, item.Bytes)));
        Assert.Equal("datasets/old/manifest.json", found[0].Blobs[0]);
        Assert.Equal(found, await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(found, Cancel));

        Assert.DoesNotContain(_service.Blobs.Keys, blob => blob.Contains("/old/"));
        Assert.Contains("datasets/data/tokens-00000.bin", _service.Blobs.Keys);
        Assert.Empty(await FindAsync());
    }

    [Fact]
    public async Task What_was_written_lately_is_left_alone()
    {
        Put("datasets/new/manifest.json");
        var options = new GarbageOptions { UnchangedSince = DateTimeOffset.UnixEpoch };
        Assert.Single(await new GarbageSearch(_store).FindAsync(options, Cancel));
        Assert.Empty(await new GarbageSearch(_store).FindAsync(options with { UnchangedSince = DateTimeOffset.UnixEpoch.AddHours(-1) }, Cancel));
    }

    [Fact]
    public async Task Nothing_is_deleted_while_a_plan_cannot_be_read()
    {
        Put("datasets/data/manifest.json");
        _service.Blobs["runs/a/plan.json"] = "{"u8.ToArray();
        await Assert.ThrowsAsync<ArtifactException>(() => FindAsync());
    }

    [Fact]
    public async Task A_checkpoint_without_manifest_is_torn_and_those_of_a_run_that_succeeded_are_old()
    {
        await RunAsync("a", RunState.Succeeded);
        await RunAsync("b", RunState.Running);
        foreach (var run in new[] { "a", "b" })
        {
            Put(Checkpoint(run, 0, "weights.safetensors"), Checkpoint(run, 1, "weights.safetensors"), Checkpoint(run, 1, ArtifactLayout.ManifestFile));
        }

        Assert.All(await FindAsync(), item => Assert.Equal(GarbageKind.TornCheckpoint, item.Kind));
        Assert.Equal(2, (await FindAsync()).Count);
        var old = Assert.Single(await FindAsync(checkpoints: true), item => item.Kind == GarbageKind.OldCheckpoint);
        Assert.Equal("runs/a/checkpoints/epoch-001/step-000001/", old.Name);
    }

    [Fact]
    public async Task A_run_that_is_to_go_takes_with_it_what_it_alone_names()
    {
        await RunAsync("a", RunState.Failed);
        Put("datasets/data/manifest.json");
        Assert.Empty(await FindAsync());
        Assert.Equal([GarbageKind.Dataset, GarbageKind.Run], (await FindAsync(runs: "a")).Select(item => item.Kind));
    }

    [Fact]
    public async Task A_run_that_has_not_ended_does_not_go()
    {
        await RunAsync("a", RunState.Running);
        Assert.Contains("a is running; expected a run that has ended", (await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(runs: "a"))).Message);
        await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(runs: "no-run"));

        await RunAsync("b", RunState.Failed);
        await using var driver = await Lease.TryTakeAsync(_store, ArtifactLayout.Driver("b"), TimeProvider.System, Cancel);
        Assert.Contains("b is driven by process", (await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(runs: "b"))).Message);
    }

    [Fact]
    public async Task An_artifact_that_a_new_run_names_after_the_search_is_kept()
    {
        Put("datasets/data/manifest.json", "teacher-outputs/old/manifest.json");
        var found = await FindAsync();
        Assert.Equal(2, found.Count);
        await RunAsync("new", RunState.Queued);
        Assert.Equal(["teacher-outputs/old/"], (await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(found, Cancel)).Select(item => item.Name));
        Assert.Contains("datasets/data/manifest.json", _service.Blobs.Keys);
    }

    [Fact]
    public async Task An_artifact_whose_lease_somebody_holds_is_kept_and_nobody_finds_it_while_it_is_deleted()
    {
        Put("datasets/data/manifest.json");
        var found = await FindAsync();
        var dataset = new Dataset("data", 1);
        Task<bool> finding;
        await using (await Lease.TakeAsync(_store, dataset.Lease, TimeProvider.System, Cancel))
        {
            Assert.Empty(await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(found, Cancel));
            finding = new FindArtifact(_store, TimeProvider.System).RunAsync(dataset, Cancel);
            _service.Blobs.TryRemove("datasets/data/manifest.json", out _);
            Assert.False(finding.IsCompleted);
        }

        Assert.False(await finding);
    }

    [Fact]
    public async Task Checkpoints_are_kept_while_their_student_is_trained()
    {
        await RunAsync("a", RunState.Running);
        Put(Checkpoint("a", 0, "weights.safetensors"));
        var found = await FindAsync();
        await using (await Lease.TakeAsync(_store, Weights.LeaseOf("a", StudentVariant.Distilled), TimeProvider.System, Cancel))
        {
            Assert.Empty(await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(found, Cancel));
        }

        Put(Checkpoint("a", 0, ArtifactLayout.ManifestFile)); // it is closed meanwhile
        Assert.Empty(await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(found, Cancel));
        Assert.Contains(Checkpoint("a", 0, "weights.safetensors"), _service.Blobs.Keys);
    }

    [Fact]
    public async Task What_a_merge_needs_is_kept_until_it_has_succeeded()
    {
        await RunAsync("a", RunState.Succeeded);
        Put(Checkpoint("a", 1, "weights.safetensors"), Checkpoint("a", 1, ArtifactLayout.ManifestFile));
        var (before, run) = (await FindAsync(checkpoints: true), await FindAsync(runs: "a"));
        Assert.Single(before);

        await RunAsync("merge", RunState.Failed, new Expert("a", 0, "hash", 0.5));
        Assert.Empty(await FindAsync(checkpoints: true));
        Assert.Empty(await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync([.. before, .. run], Cancel)); // found before there was the merge
        Assert.Contains(
            "a is an expert of merge, which has not succeeded yet", (await Assert.ThrowsAsync<InvalidInputException>(() => FindAsync(runs: "a"))).Message);
        Assert.Equal(2, (await FindAsync(runs: ["a", "merge"])).Count(item => item.Kind == GarbageKind.Run));

        await RunAsync("merge", RunState.Succeeded, new Expert("a", 0, "hash", 0.5));
        Assert.Equal(before, await new GarbageDeletion(_store, TimeProvider.System).DeleteAsync(before, Cancel));
        Assert.Single(await FindAsync(runs: "a"));
    }

    private Task<IReadOnlyList<GarbageItem>> FindAsync(bool checkpoints = false, params string[] runs) =>
        new GarbageSearch(_store).FindAsync(new GarbageOptions { UnchangedSince = DateTimeOffset.MaxValue, OldCheckpoints = checkpoints, Runs = runs }, Cancel);

    private async Task RunAsync(string runId, RunState state, params Expert[] experts)
    {
        await _store.WriteJsonAsync(ArtifactLayout.Plan(runId), Plans.Of(runId, 1) with { Experts = experts.Length > 0 ? experts : null }, Cancel);
        await new RunFolder(_store).WriteStatusAsync(new RunStatus { RunId = runId, State = state, StartedAt = default, UpdatedAt = default }, Cancel);
    }

    private void Put(params string[] blobs)
    {
        foreach (var blob in blobs)
        {
            _service.Blobs[blob] = new byte[10];
        }
    }

    private static string Checkpoint(string run, long step, string file) => ArtifactLayout.Checkpoint(run, StudentVariant.Distilled, 0, step, file);
}
