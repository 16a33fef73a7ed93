using Azure;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts;

/// <summary>An open blob; dispose the stream.</summary>
/// <param name="Content">Its bytes, as a stream that can seek: parts are read when they are needed.</param>
/// <param name="Bytes">Its length.</param>
/// <param name="ETag">Changes with every write; with its quotes.</param>
/// <param name="ModifiedAt">When it was last written.</param>
public sealed record ArtifactContent(Stream Content, long Bytes, string ETag, DateTimeOffset ModifiedAt);

/// <summary>Reads stored blobs unchanged, for people: as streams and in parts.</summary>
/// <param name="store">The storage.</param>
public sealed class ArtifactReader(ArtifactStore store)
{
    /// <summary>Opens a blob for reading; null if it is missing.</summary>
    public async Task<ArtifactContent?> TryOpenAsync(string blob, CancellationToken cancel = default)
    {
        try
        {
            var client = store.Container.GetBlobClient(blob);
            var found = (await client.GetPropertiesAsync(cancellationToken: cancel)).Value;
            var options = new BlobOpenReadOptions(allowModifications: false) { Conditions = new BlobRequestConditions { IfMatch = found.ETag } };
            return new ArtifactContent(await client.OpenReadAsync(options, cancel), found.ContentLength, found.ETag.ToString("H"), found.LastModified);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Reads a part of a blob.</summary>
    /// <param name="blob">The blob.</param>
    /// <param name="offset">First byte, ≥ 0.</param>
    /// <param name="most">Maximum number of bytes, ≥ 1; fewer if the blob ends before.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <returns>Empty if the blob is missing or ends before.</returns>
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
