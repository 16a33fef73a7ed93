using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts;

/// <summary>A blob as a listing shows it.</summary>
/// <param name="Name">Its full name.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ModifiedAt">When it was last written.</param>
public sealed record ArtifactListing(string Name, long Bytes, DateTimeOffset ModifiedAt);

/// <summary>An open blob; dispose the stream.</summary>
/// <param name="Content">Its bytes, read as they come.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">Changes with every write; with its quotes.</param>
public sealed record ArtifactContent(Stream Content, long Bytes, string ETag);

/// <summary>Looks at stored blobs as they are, for people: listings, streams, parts.</summary>
/// <param name="store">Where they are.</param>
public sealed class ArtifactReader(ArtifactStore store)
{
    /// <summary>The folders directly below a prefix, each with its slash, in ordinal order.</summary>
    /// <param name="prefix">Ends with a slash.</param>
    /// <param name="cancel">Cancels the call.</param>
    public async IAsyncEnumerable<string> ListFoldersAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var item in store.Container.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", prefix, cancel))
        {
            if (item.IsPrefix)
            {
                yield return item.Prefix;
            }
        }
    }

    /// <summary>All blobs that begin with a prefix, in ordinal order.</summary>
    public async IAsyncEnumerable<ArtifactListing> ListAsync(string prefix, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var blob in store.Container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancel))
        {
            yield return new ArtifactListing(blob.Name, blob.Properties.ContentLength ?? 0, blob.Properties.LastModified ?? default);
        }
    }

    /// <summary>Opens a blob for reading; null where it is missing.</summary>
    public async Task<ArtifactContent?> TryOpenAsync(string blob, CancellationToken cancel = default)
    {
        try
        {
            var download = (await store.Container.GetBlobClient(blob).DownloadStreamingAsync(cancellationToken: cancel)).Value;
            return new ArtifactContent(download.Content, download.Details.ContentLength, download.Details.ETag.ToString("H"));
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads a part of a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">First byte, ≥ 0.</param>
    /// <param name="most">Most bytes, ≥ 1; fewer come where the blob ends.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Empty where the blob is missing or ends before.</returns>
    public async Task<byte[]> ReadPartAsync(string blob, long offset, int most, CancellationToken cancel = default)
    {
        try
        {
            var options = new BlobDownloadOptions { Range = new HttpRange(offset, most) };
            return (await store.Container.GetBlobClient(blob).DownloadContentAsync(options, cancel)).Value.Content.ToArray();
        }
        catch (RequestFailedException nothing) when (nothing.Status is 404 or 416)
        {
            return [];
        }
    }
}
