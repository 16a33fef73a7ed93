using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Specialized;

namespace Distil.Core.Artifacts.Leases;

/// <summary>An exclusive right: a lease on a blob, which also names its holder.</summary>
/// <remarks>
/// Held and renewed until it is disposed. A holder that dies loses it after <see cref="Duration"/>, or at once to a process of the same machine and container,
/// which can see that the holder is dead. The machine's clock decides nothing here: it may be set at any time.
/// </remarks>
public sealed partial class Lease : IAsyncDisposable
{
    /// <summary>How long a lease outlives its last renewal.</summary>
    public static readonly TimeSpan Duration = TimeSpan.FromSeconds(30);

    private static readonly TimeSpan BetweenRenewals = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(500);

    private readonly BlobLeaseClient _lease;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _released = new();
    private readonly Task _renewing;

    private Lease(string blob, BlobLeaseClient lease, TimeProvider time)
    {
        (Blob, _lease) = (blob, lease);
        _renewing = RenewAsync(time);
    }

    /// <value>The blob's name.</value>
    public string Blob { get; }

    /// <value>Cancelled if another process has the lease now, because this process did not renew it in time.</value>
    public CancellationToken Lost => _lost.Token;

    /// <summary>Takes a lease, waiting for its holder to release it or to end.</summary>
    /// <param name="store">The storage of the blob.</param>
    /// <param name="blob">Its name; created if it is missing.</param>
    /// <param name="time">The clock for renewals and delays.</param>
    /// <param name="done">Called before each try; true ends the waiting, for instance because the holder has done the work.</param>
    /// <param name="cancel">Cancels the waiting.</param>
    /// <returns>Null if <paramref name="done"/> ended it.</returns>
    public static async Task<Lease?> TakeAsync(ArtifactStore store, string blob, TimeProvider time, Func<Task<bool>> done, CancellationToken cancel)
    {
        while (!await done())
        {
            if (await TryTakeAsync(store, blob, time, cancel) is { } lease)
            {
                return lease;
            }

            await Task.Delay(BetweenTries, time, cancel);
        }

        return null;
    }

    /// <summary>Takes a lease, waiting for its holder to release it or to end.</summary>
    /// <param name="store">The storage of the blob.</param>
    /// <param name="blob">Its name; created if it is missing.</param>
    /// <param name="time">The clock for renewals and delays.</param>
    /// <param name="cancel">Cancels the waiting.</param>
    public static async Task<Lease> TakeAsync(ArtifactStore store, string blob, TimeProvider time, CancellationToken cancel) =>
        (await TakeAsync(store, blob, time, () => Task.FromResult(false), cancel))!;

    /// <summary>Takes a lease unless somebody holds it.</summary>
    /// <param name="store">The storage of the blob.</param>
    /// <param name="blob">Its name; created if it is missing.</param>
    /// <param name="time">The clock for renewals.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Null if somebody holds it.</returns>
    public static async Task<Lease?> TryTakeAsync(ArtifactStore store, string blob, TimeProvider time, CancellationToken cancel)
    {
        await store.TryCreateJsonAsync(blob, LeaseHolder.Self, cancel);
        var lease = store.Blob(blob).GetBlobLeaseClient();
        if (!await TryAcquireAsync(lease, cancel) && !(await TryBreakAsync(store, blob, lease, cancel) && await TryAcquireAsync(lease, cancel)))
        {
            return null;
        }

        return await TrySignAsync(store, blob, lease, cancel) ? new Lease(blob, lease, time) : null;
    }

    /// <summary>Releases the lease.</summary>
    public async ValueTask DisposeAsync()
    {
        await _released.CancelAsync();
        await _renewing;
        try
        {
            await _lease.ReleaseAsync();
        }
        catch (RequestFailedException)
        {
            // The lease was lost before, or storage is unavailable: then it expires by itself.
        }

        _lost.Dispose();
        _released.Dispose();
    }

    private static async Task<bool> TryAcquireAsync(BlobLeaseClient lease, CancellationToken cancel)
    {
        try
        {
            await lease.AcquireAsync(Duration, cancellationToken: cancel);
            return true;
        }
        catch (RequestFailedException held) when (held.Status is 409 or 412)
        {
            return false;
        }
    }

    // Only if the holder is known to be dead, and only while the blob still names it.
    private static async Task<bool> TryBreakAsync(ArtifactStore store, string blob, BlobLeaseClient lease, CancellationToken cancel)
    {
        try
        {
            var content = (await store.Blob(blob).DownloadContentAsync(cancel)).Value;
            if (JsonSerializer.Deserialize<LeaseHolder>(content.Content, DistilJson.Options) is not { IsGone: true })
            {
                return false;
            }

            await lease.BreakAsync(TimeSpan.Zero, new RequestConditions { IfMatch = content.Details.ETag }, cancel);
            return true;
        }
        catch (Exception other) when (other is JsonException or RequestFailedException { Status: 404 or 409 or 412 })
        {
            return false; // unreadable, or another holder took it in the meantime
        }
    }

    private static async Task<bool> TrySignAsync(ArtifactStore store, string blob, BlobLeaseClient lease, CancellationToken cancel)
    {
        try
        {
            await store.WriteLeasedJsonAsync(blob, LeaseHolder.Self, lease.LeaseId, cancel);
            return true;
        }
        catch (RequestFailedException broken) when (broken.Status is 409 or 412)
        {
            return false;
        }
    }

    private async Task RenewAsync(TimeProvider time)
    {
        while (!_released.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(BetweenRenewals, time, _released.Token);
                await _lease.RenewAsync(cancellationToken: _released.Token);
            }
            catch (RequestFailedException gone) when (gone.Status is 404 or 409 or 412)
            {
                await _lost.CancelAsync();
                return;
            }
            catch (Exception away) when (away is RequestFailedException or AggregateException or OperationCanceledException)
            {
                // Storage does not answer (so nobody else can take the lease there either), or the lease has been released.
            }
        }
    }
}
