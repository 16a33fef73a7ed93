using System.Security.Cryptography;
using Azure;
using Azure.Storage;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Distil.Core.Artifacts;

/// <content>Files with the checksums that manifests contain.</content>
public sealed partial class ArtifactStore
{
    private static readonly StorageTransferOptions Transfer = new() { InitialTransferSize = 8 << 20, MaximumTransferSize = 8 << 20, MaximumConcurrency = 4 };

    /// <summary>Uploads a file; an older blob is replaced.</summary>
    /// <returns>Name, size and checksum, for the manifest that makes the blob count.</returns>
    public async Task<ArtifactFile> UploadAsync(string blob, string localPath, CancellationToken cancel = default)
    {
        await using var file = File.OpenRead(localPath);
        var checksum = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        file.Position = 0;
        await _container.GetBlobClient(blob).UploadAsync(file, new BlobUploadOptions { TransferOptions = Transfer }, cancel);
        return new ArtifactFile(blob, file.Length, checksum);
    }

    /// <summary>Starts uploading a file that is still being written; an older blob is replaced.</summary>
    /// <param name="blob">Name of the blob.</param>
    /// <param name="localPath">The file, which exists; it may be renamed during the upload.</param>
    /// <param name="cancel">Cancels the upload; the blob remains unchanged.</param>
    public StreamingUpload BeginUpload(string blob, string localPath, CancellationToken cancel = default) =>
        new(blob, _container.GetBlockBlobClient(blob), localPath, cancel);

    /// <summary>Downloads a file and verifies it; a file that fails is not left at <paramref name="localPath"/>.</summary>
    /// <exception cref="ArtifactException">The blob is missing, or its size or checksum differs from the manifest.</exception>
    public Task DownloadAsync(ArtifactFile file, string localPath, CancellationToken cancel = default) => AtomicFile.WriteAsync(localPath, async temporary =>
    {
        await DownloadUncheckedAsync(file.Name, temporary, cancel);
        await using var written = File.OpenRead(temporary);
        if (written.Length != file.Bytes)
        {
            throw ArtifactException.WrongSize(file, written.Length);
        }

        var found = Convert.ToHexStringLower(await SHA256.HashDataAsync(written, cancel));
        if (!string.Equals(found, file.Sha256, StringComparison.OrdinalIgnoreCase))
        {
            throw ArtifactException.WrongChecksum(file, found);
        }
    });

    /// <summary>Downloads a blob that no manifest lists, without verification: a copy for people.</summary>
    /// <exception cref="ArtifactException">The blob is missing.</exception>
    public async Task DownloadUncheckedAsync(string blob, string path, CancellationToken cancel = default)
    {
        try
        {
            await _container.GetBlobClient(blob).DownloadToAsync(path, new BlobDownloadToOptions { TransferOptions = Transfer }, cancel);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw ArtifactException.Missing(blob, missing);
        }
    }
}
