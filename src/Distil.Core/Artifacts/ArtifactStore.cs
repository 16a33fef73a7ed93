using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;

namespace Distil.Core.Artifacts;

/// <summary>One container of Blob Storage: small JSON documents, and files that are verified when they are downloaded.</summary>
/// <remarks>The client itself retries transient failures of the service. Many threads may use an instance at once.</remarks>
public sealed partial class ArtifactStore
{
    private readonly BlobContainerClient _container;

    internal ArtifactStore(BlobContainerClient container) => _container = container;

    /// <value>The container.</value>
    public Uri Uri => _container.Uri;

    /// <value>The storage's name in messages: its account and host.</value>
    public string Name => StorageName.Of(Uri);

    /// <value>Maximum time of an operation on a small document.</value>
    internal TimeSpan Deadline { get; init; } = DocumentDeadline.Usual;

    /// <value>The client, for the other classes of this folder.</value>
    internal BlobContainerClient Container => _container;

    /// <summary>Opens a log in an append blob, which need not exist.</summary>
    public AppendLog OpenLog(string blob) => new(blob, _container.GetAppendBlobClient(blob));

    internal BlobBaseClient Blob(string blob) => _container.GetBlobBaseClient(blob);

    /// <summary>The URI of a blob; it need not exist.</summary>
    public Uri UriOf(string blob) => _container.GetBlobClient(blob).Uri;

    /// <summary>Whether a blob exists.</summary>
    public Task<bool> ExistsAsync(string blob, CancellationToken cancel = default) =>
        SoonAsync(blob, async soon => (await _container.GetBlobClient(blob).ExistsAsync(soon)).Value, cancel);

    /// <summary>Deletes a blob. No error if it is missing.</summary>
    public Task DeleteAsync(string blob, CancellationToken cancel = default) => _container.GetBlobClient(blob).DeleteIfExistsAsync(cancellationToken: cancel);

    /// <summary>Deletes a blob unless another process has a lease on it.</summary>
    /// <returns>Whether it is gone.</returns>
    public async Task<bool> TryDeleteAsync(string blob, CancellationToken cancel = default)
    {
        try
        {
            await DeleteAsync(blob, cancel);
            return true;
        }
        catch (RequestFailedException leased) when (leased.Status == 412)
        {
            return false;
        }
    }

    private Task<T> SoonAsync<T>(string blob, Func<CancellationToken, Task<T>> operation, CancellationToken cancel) =>
        DocumentDeadline.KeepAsync(blob, Uri, Deadline, operation, cancel);
}
