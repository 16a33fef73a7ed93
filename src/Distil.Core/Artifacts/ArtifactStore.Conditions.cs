using System.Text.Json;
using Azure;
using Azure.Storage.Blobs.Models;

namespace Distil.Core.Artifacts;

/// <content>Documents that are written only in a known state: by entity tags, and under a lease.</content>
public sealed partial class ArtifactStore
{
    /// <summary>Writes a document unless one exists (If-None-Match).</summary>
    /// <returns>False if one exists; it is not changed.</returns>
    public Task<bool> TryCreateJsonAsync<T>(string blob, T document, CancellationToken cancel = default) =>
        TryCreateJsonAsync(blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented), cancel);

    /// <summary>Writes a document's bytes unless one exists (If-None-Match).</summary>
    /// <returns>False if one exists; it is not changed.</returns>
    internal async Task<bool> TryCreateJsonAsync(string blob, byte[] json, CancellationToken cancel)
    {
        try
        {
            await WriteAsync(blob, json, "application/json", new BlobRequestConditions { IfNoneMatch = ETag.All }, cancel);
            return true;
        }
        catch (RequestFailedException exists) when (exists.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Reads a document with its entity tag, for <see cref="TryReplaceJsonAsync"/>.</summary>
    /// <returns>No tag if it is missing; a tag without a document if it is damaged.</returns>
    /// <exception cref="Errors.InvalidInputException">It is of another version.</exception>
    internal async Task<(T? Document, ETag? Tag)> TryReadTaggedJsonAsync<T>(string blob, CancellationToken cancel)
        where T : class
    {
        ETag? tag = null;
        try
        {
            var content = (await SoonAsync(blob, soon => _container.GetBlobClient(blob).DownloadContentAsync(soon), cancel)).Value;
            tag = content.Details.ETag;
            return (DocumentVersion.Read<T>(blob, content.Content.ToMemory().Span), tag);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return (null, null);
        }
        catch (JsonException)
        {
            return (null, tag);
        }
    }

    /// <summary>Replaces a document, unless it was written or deleted in the meantime (If-Match).</summary>
    /// <returns>Whether it was written.</returns>
    internal async Task<bool> TryReplaceJsonAsync<T>(string blob, T document, ETag tag, CancellationToken cancel)
    {
        try
        {
            await WriteAsync(blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented),
                "application/json", new BlobRequestConditions { IfMatch = tag }, cancel);
            return true;
        }
        catch (RequestFailedException changed) when (changed.Status is 404 or 412)
        {
            return false;
        }
    }

    /// <summary>Writes a document into a blob on which this process has a lease.</summary>
    internal Task WriteLeasedJsonAsync<T>(string blob, T document, string leaseId, CancellationToken cancel) => WriteAsync(
        blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented), "application/json", new BlobRequestConditions { LeaseId = leaseId }, cancel);
}
