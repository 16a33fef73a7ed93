using Azure;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts.Leases;

/// <content>What a process that does not hold a lease can find out about it.</content>
public sealed partial class Lease
{
    /// <summary>The holder of a lease; null if there is none.</summary>
    public static async Task<LeaseHolder?> FindHolderAsync(ArtifactStore store, string blob, CancellationToken cancel)
    {
        try
        {
            var held = (BlobProperties)await store.Blob(blob).GetPropertiesAsync(cancellationToken: cancel);
            return held.LeaseState == LeaseState.Leased && await store.TryReadJsonAsync<LeaseHolder>(blob, cancel) is { IsGone: false } holder ? holder : null;
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Whether a lease was never released and its holder is dead, or did not renew it in time.</summary>
    /// <returns>False also if there never was a holder.</returns>
    public static async Task<bool> IsAbandonedAsync(ArtifactStore store, string blob, CancellationToken cancel)
    {
        try
        {
            var held = (BlobProperties)await store.Blob(blob).GetPropertiesAsync(cancellationToken: cancel);
            return held.LeaseState is LeaseState.Expired or LeaseState.Broken
                || (held.LeaseState == LeaseState.Leased && await store.TryReadJsonAsync<LeaseHolder>(blob, cancel) is { IsGone: true });
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return false;
        }
    }

    /// <summary>Whether a lease has had a holder and nobody holds it now: it was released, or its holder has ended.</summary>
    /// <returns>False also if there never was a holder.</returns>
    public static async Task<bool> IsFreeAsync(ArtifactStore store, string blob, CancellationToken cancel) =>
        await FindHolderAsync(store, blob, cancel) is null && await store.ExistsAsync(blob, cancel);
}
