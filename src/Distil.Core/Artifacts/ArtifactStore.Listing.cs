using System.Runtime.CompilerServices;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts;

/// <content>Listings.</content>
public sealed partial class ArtifactStore
{
    /// <summary>Lists all blobs that begin with a prefix, in ordinal order.</summary>
    public async IAsyncEnumerable<ArtifactListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var blob in _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancel))
        {
            yield return new ArtifactListing(blob.Name, blob.Properties.ContentLength ?? 0, blob.Properties.LastModified ?? default);
        }
    }

    /// <summary>Lists the folders directly below a prefix, each with its slash, in ordinal order.</summary>
    /// <param name="prefix">Ends with a slash.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var item in _container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancel))
        {
            if (item.IsPrefix)
            {
                yield return item.Prefix;
            }
        }
    }
}

/// <summary>A blob in a listing.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ModifiedAt">When it was last written.</param>
public sealed record ArtifactListing(string Name, long Bytes, DateTimeOffset ModifiedAt);
