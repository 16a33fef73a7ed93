using Azure.Storage.Blobs.Specialized;
using Distil.Cli.Tests.Engine;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Leases;

namespace Distil.Contracts;

/// <summary>What a lease must be over every blob service: one at a time has it, a dead process loses it at once, and nobody else ever does.</summary>
public abstract class LeaseContract
{
    private const string Blob = "runs/a/driver.json";

    /// <summary>A process of this machine that has ended: its id is used again.</summary>
    private static readonly LeaseHolder Dead = LeaseHolder.Self with { Process = ProcessIdentity.Self with { Start = ProcessIdentity.Self.Start - 1 } };

    /// <summary>A process of which nothing is known here: of another machine (or an earlier boot), of another container, of an earlier version.</summary>
    public static TheoryData<string> Unknown => ["boot", "namespace", "version"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Opens this test's container, which begins empty.</summary>
    internal abstract Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null);

    [Fact]
    public async Task One_at_a_time_has_it()
    {
        var store = await OpenAsync();
        var first = await TryTakeAsync(store);
        Assert.NotNull(first);
        Assert.Null(await TryTakeAsync(store));
        Assert.Equal(LeaseHolder.Self, await Lease.FindHolderAsync(store, Blob, Cancel));

        await first.DisposeAsync();
        Assert.Null(await Lease.FindHolderAsync(store, Blob, Cancel));
        await using var second = await TryTakeAsync(store);
        Assert.NotNull(second);
    }

    [Fact]
    public async Task Of_many_that_ask_at_once_one_gets_it()
    {
        var store = await OpenAsync();
        var leases = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => TryTakeAsync(store)));
        await using var only = Assert.Single(leases.OfType<Lease>());
    }

    [Fact]
    public async Task Nobody_else_writes_or_deletes_what_it_is_on()
    {
        var store = await OpenAsync();
        await using (await TryTakeAsync(store))
        {
            var refused = await Assert.ThrowsAsync<Azure.RequestFailedException>(() => store.WriteJsonAsync(Blob, Dead, Cancel));
            Assert.Equal(412, refused.Status);
            Assert.Equal(412, (await Assert.ThrowsAsync<Azure.RequestFailedException>(() => store.DeleteAsync(Blob, Cancel))).Status);
            Assert.False(await store.TryDeleteAsync(Blob, Cancel));
            Assert.True(await store.ExistsAsync(Blob, Cancel));
        }

        Assert.True(await store.TryDeleteAsync(Blob, Cancel));
        Assert.False(await store.ExistsAsync(Blob, Cancel));
    }

    [Fact]
    public async Task A_dead_process_of_this_machine_loses_it_at_once()
    {
        var store = await OpenAsync();
        await HeldByAsync(store, Dead);
        Assert.Null(await Lease.FindHolderAsync(store, Blob, Cancel));
        Assert.True(await Lease.IsAbandonedAsync(store, Blob, Cancel));

        await using var lease = await TryTakeAsync(store);

        Assert.NotNull(lease);
        Assert.False(await Lease.IsAbandonedAsync(store, Blob, Cancel));
    }

    [Theory]
    [MemberData(nameof(Unknown))]
    public async Task A_process_that_cannot_be_seen_may_be_alive(string difference)
    {
        var store = await OpenAsync();
        await HeldByAsync(store, Dead with
        {
            Process = difference switch
            {
                "boot" => Dead.Process! with { Boot = "another" },
                "namespace" => Dead.Process! with { PidNamespace = "pid:[1]" },
                _ => null,
            },
        });
        Assert.Null(await TryTakeAsync(store));
        Assert.False(await Lease.IsAbandonedAsync(store, Blob, Cancel));
    }

    [Fact]
    public async Task It_is_broken_only_while_the_blob_still_names_the_dead()
    {
        var other = await OpenAsync();
        await HeldByAsync(other, Dead);
        Lease? faster = null;
        var store = await OpenAsync(new Before("break", async () => faster ??= await TryTakeAsync(other)));

        // Between its look at the holder and its breaking, somebody alive has taken the lease.
        Assert.Null(await TryTakeAsync(store));

        Assert.NotNull(faster);
        Assert.Null(await TryTakeAsync(other));
        await faster.DisposeAsync();
        Assert.False(await Lease.IsAbandonedAsync(other, Blob, Cancel));
    }

    [Fact]
    public async Task One_that_is_lost_before_its_holder_is_written_down_is_not_had()
    {
        var other = await OpenAsync();
        Lease? faster = null;
        var store = await OpenAsync(new Before("sign", async () =>
        {
            await other.Blob(Blob).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);
            faster ??= await TryTakeAsync(other);
        }));

        Assert.Null(await TryTakeAsync(store));

        Assert.NotNull(faster);
        await faster.DisposeAsync();
    }

    [Fact]
    public async Task Its_holder_learns_that_it_is_lost()
    {
        var (store, time) = (await OpenAsync(), new ManualTime());
        await using var lease = await Lease.TryTakeAsync(store, Blob, time, Cancel);
        var lost = new TaskCompletionSource();
        using var registration = lease!.Lost.Register(lost.SetResult);
        await store.Blob(Blob).GetBlobLeaseClient().BreakAsync(TimeSpan.Zero, cancellationToken: Cancel);

        await time.WaitForTimerAsync(TimeSpan.FromSeconds(10), Cancel);
        time.Advance(TimeSpan.FromSeconds(10));

        await lost.Task.WaitAsync(Cancel);
    }

    [Fact]
    public async Task Waits_until_it_is_released_or_the_work_is_done()
    {
        var (store, time) = (await OpenAsync(), new ManualTime());
        var first = await TryTakeAsync(store);
        var waiting = Lease.TakeAsync(store, Blob, time, () => Task.FromResult(false), Cancel);
        await time.WaitForTimerAsync(TimeSpan.FromMilliseconds(500), Cancel);
        Assert.False(waiting.IsCompleted);
        await first!.DisposeAsync();
        time.Advance(TimeSpan.FromMilliseconds(500));

        await using var second = await waiting;

        Assert.NotNull(second);
        Assert.Null(await Lease.TakeAsync(store, Blob, time, () => Task.FromResult(true), Cancel));
    }

    private static Task<Lease?> TryTakeAsync(ArtifactStore store) => Lease.TryTakeAsync(store, Blob, TimeProvider.System, Cancel);

    private static async Task HeldByAsync(ArtifactStore store, LeaseHolder holder)
    {
        await store.WriteJsonAsync(Blob, holder, Cancel);
        await store.Blob(Blob).GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Cancel);
    }

    /// <summary>Does something just before a lease is broken, or its new holder is written down.</summary>
    private sealed class Before(string moment, Func<Task> act) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancel)
        {
            var action = request.Headers.TryGetValues("x-ms-lease-action", out var actions) ? actions.Single()
                : request.Method == HttpMethod.Put && request.Headers.Contains("x-ms-lease-id") ? "sign" : "";
            if (action == moment)
            {
                await act();
            }

            return await base.SendAsync(request, cancel);
        }
    }
}
