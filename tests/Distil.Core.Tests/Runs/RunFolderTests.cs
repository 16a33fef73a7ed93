using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Specification;
using Distil.Core.Tests.Artifacts;
using Distil.Core.Tests.Pipeline;

namespace Distil.Core.Tests.Runs;

public sealed class RunFolderTests : IDisposable
{
    private static readonly RunSpec Spec = new() { Name = "a", Teacher = new TeacherSpec { Path = "/t" }, Dataset = new DatasetSpec { Sources = ["/x"] } };
    private readonly InMemoryBlobService _service = new();
    private readonly RunFolder _runs;

    public RunFolderTests() => _runs = new RunFolder(_service.OpenStore());

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task A_run_is_created_once()
    {
        Assert.True(await _runs.CreateAsync(Spec, Plans.Of("one", 1), Cancel));
        Assert.False(await _runs.CreateAsync(Spec, Plans.Of("one", 1), Cancel));
        Assert.Equal("a", (await _runs.ReadSpecAsync("one", Cancel)).Name);
        Assert.Equal("one", (await _runs.ReadPlanAsync("one", Cancel)).RunId);
    }

    [Fact]
    public async Task A_plan_with_something_reserved_is_not_run()
    {
        var plan = Plans.Of("one", 1) with { Unreached = [new FieldError("/teacher/path", "not yet")] };
        await Assert.ThrowsAsync<InvalidInputException>(() => _runs.CreateAsync(Spec, plan, Cancel));
        Assert.Empty(_service.Blobs);
    }

    [Fact]
    public async Task Runs_are_listed_newest_first()
    {
        foreach (var (run, hour) in new[] { ("b", 1), ("a", 3), ("c", 2) })
        {
            var at = DateTimeOffset.UnixEpoch.AddHours(hour);
            await _runs.WriteStatusAsync(new RunStatus { RunId = run, State = RunState.Running, StartedAt = at, UpdatedAt = at }, Cancel);
        }

        Assert.Equal(["a", "c", "b"], (await _runs.ListAsync(Cancel)).Select(status => status.RunId));
    }

    [Fact]
    public async Task A_run_is_interrupted_if_its_driver_has_left_it()
    {
        var running = new RunStatus { RunId = "a", State = RunState.Running, StartedAt = DateTimeOffset.UnixEpoch, UpdatedAt = DateTimeOffset.UnixEpoch };
        await _runs.WriteStatusAsync(running, Cancel);
        Assert.Equal(RunState.Running, await StateAsync()); // in Azure, a run has no such lease

        var lease = await Lease.TakeAsync(_service.OpenStore(), ArtifactLayout.Driver("a"), TimeProvider.System, Cancel);
        Assert.Equal(RunState.Running, await StateAsync());

        await lease.DisposeAsync();
        Assert.Equal(RunState.Interrupted, await StateAsync());
        Assert.Equal(RunState.Running, (await _runs.TryReadStatusAsync("a", Cancel))!.State); // it is not stored

        await _runs.WriteStatusAsync(running with { State = RunState.Succeeded }, Cancel);
        Assert.Equal(RunState.Succeeded, await StateAsync());

        async Task<RunState> StateAsync() => (await _runs.FindStatusAsync("a", Cancel))!.State;
    }

    [Fact]
    public async Task A_run_that_is_not_there_is_named()
    {
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => _runs.ReadPlanAsync("none", Cancel));
        Assert.StartsWith("none is not a run in ", error.Message);
        Assert.Null(await _runs.TryReadStatusAsync("none", Cancel));
    }
}
