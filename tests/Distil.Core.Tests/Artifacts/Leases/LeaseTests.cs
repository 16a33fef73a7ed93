using System.Diagnostics;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;

namespace Distil.Core.Tests.Artifacts.Leases;

/// <summary>What <c>LeaseContract</c> cannot do over every blob service: leases that run out, and a real process that has ended.</summary>
public sealed class LeaseTests : IDisposable
{
    private const string Blob = "runs/a/driver.json";
    private readonly InMemoryBlobService _service = new();
    private readonly ArtifactStore _store;

    public LeaseTests() => _store = _service.OpenStore();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _service.Dispose();

    [Fact]
    public async Task One_that_ran_out_is_abandoned_until_the_next_has_it()
    {
        Assert.False(await IsAbandonedAsync());
        var lease = await TryTakeAsync();
        Assert.False(await IsAbandonedAsync());
        await lease!.DisposeAsync();
        Assert.False(await IsAbandonedAsync());

        _service.Expire(Blob);
        Assert.True(await IsAbandonedAsync());

        await using var next = await TryTakeAsync();
        Assert.NotNull(next);
        Assert.False(await IsAbandonedAsync());
    }

    [Fact]
    public async Task A_holder_is_gone_when_its_process_has_ended()
    {
        using var process = Process.Start(new ProcessStartInfo("sleep", "600"))!;
        var holder = new LeaseHolder(Environment.MachineName, ProcessIdentity.TryFind(process.Id));
        Assert.True(holder is { IsGone: false, IsKnownAlive: true });
        process.Kill();
        await process.WaitForExitAsync(Cancel);
        Assert.True(holder is { IsGone: true, IsKnownAlive: false });
    }

    [Fact]
    public async Task A_holder_that_an_earlier_version_wrote_is_not_known_to_be_gone()
    {
        await _store.WriteJsonAsync(Blob, new { Machine = Environment.MachineName, ProcessId = int.MaxValue, ProcessStart = DateTimeOffset.UnixEpoch }, Cancel);
        var holder = await _store.ReadJsonAsync<LeaseHolder>(Blob, Cancel);
        Assert.Equal(new LeaseHolder(Environment.MachineName), holder);
        Assert.True(holder is { IsGone: false, IsKnownAlive: false });
    }

    private Task<Lease?> TryTakeAsync() => Lease.TryTakeAsync(_store, Blob, TimeProvider.System, Cancel);

    private Task<bool> IsAbandonedAsync() => Lease.IsAbandonedAsync(_store, Blob, Cancel);
}
