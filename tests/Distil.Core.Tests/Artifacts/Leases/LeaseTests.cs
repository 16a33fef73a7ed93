using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;

namespace Distil.Core.Tests.Artifacts.Leases;

public sealed class LeaseTests : IDisposable
{
    private const string Blob = "runs/a/driver.json";
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public LeaseTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task One_at_a_time_has_it()
    {
        var first = await TryTakeAsync();
        Assert.NotNull(first);
        Assert.Null(await TryTakeAsync());
        Assert.Equal(LeaseHolder.Self, await Lease.FindHolderAsync(_store, Blob, Cancel));

        await first.DisposeAsync();
        Assert.Null(await Lease.FindHolderAsync(_store, Blob, Cancel));
        await using var second = await TryTakeAsync();
        Assert.NotNull(second);
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_one_gets_it()
    {
        var claims = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => TryTakeAsync()));
        await using var only = Assert.Single(claims.OfType<Lease>());
    }

    [Fact]
    public async Task A_dead_process_of_this_machine_loses_it_at_once()
    {
        await HeldByAsync(await DeadAsync());
        Assert.Null(await Lease.FindHolderAsync(_store, Blob, Cancel));
        await using var lease = await TryTakeAsync();
        Assert.NotNull(lease);
    }

    [Fact]
    public async Task A_process_id_that_is_used_again_is_not_its_holder()
    {
        await HeldByAsync(LeaseHolder.Self with { ProcessStart = LeaseHolder.Self.ProcessStart.AddHours(-1) });
        await using var lease = await TryTakeAsync();
        Assert.NotNull(lease);
    }

    [Fact]
    public async Task A_process_of_another_machine_may_be_alive()
    {
        await HeldByAsync(await DeadAsync() with { Machine = "another" });
        Assert.Null(await TryTakeAsync());
    }

    [Fact]
    public async Task It_is_abandoned_where_its_holder_died_and_not_where_it_was_let_go_or_never_taken()
    {
        Assert.False(await IsAbandonedAsync());
        var lease = await TryTakeAsync();
        Assert.False(await IsAbandonedAsync());
        await lease!.DisposeAsync();
        Assert.False(await IsAbandonedAsync());

        await HeldByAsync(await DeadAsync());
        Assert.True(await IsAbandonedAsync());
        _service.Leases.Clear();
        await HeldByAsync(await DeadAsync() with { Machine = "another" });
        Assert.False(await IsAbandonedAsync());
        _service.Leases.Clear();
        _service.ExpiredLeases.Add(Blob);
        Assert.True(await IsAbandonedAsync());

        await using var next = await TryTakeAsync();
        Assert.NotNull(next);
        Assert.False(await IsAbandonedAsync());
    }

    [Fact]
    public async Task Waits_until_it_is_let_go_or_the_work_is_done()
    {
        var first = await TryTakeAsync();
        var waiting = Lease.TakeAsync(_store, Blob, TimeProvider.System, () => Task.FromResult(false), Cancel);
        await Task.Delay(50, Cancel);
        Assert.False(waiting.IsCompleted);
        await first!.DisposeAsync();
        await using var second = await waiting;
        Assert.NotNull(second);
        Assert.Null(await Lease.TakeAsync(_store, Blob, TimeProvider.System, () => Task.FromResult(true), Cancel));
    }

    private Task<Lease?> TryTakeAsync() => Lease.TryTakeAsync(_store, Blob, TimeProvider.System, Cancel);

    private Task<bool> IsAbandonedAsync() => Lease.IsAbandonedAsync(_store, Blob, Cancel);

    private async Task HeldByAsync(LeaseHolder holder)
    {
        await _store.WriteJsonAsync(Blob, holder, Cancel);
        _service.Leases[Blob] = "somebody's";
    }

    private static async Task<LeaseHolder> DeadAsync()
    {
        using var process = Process.Start("dotnet", ["--version"])!;
        var holder = new LeaseHolder(Environment.MachineName, process.Id, process.StartTime.ToUniversalTime());
        await process.WaitForExitAsync(Cancel);
        return holder;
    }
}
