using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Storage;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;

namespace Distil.Core.Artifacts;

/// <summary>One container of Blob Storage: small JSON documents, and files that are checked when they come back.</summary>
/// <remarks>Passing faults of the service are tried again by the client itself. Safe to use from many threads.</remarks>
public sealed class ArtifactStore
{
    /// <summary>The environment variable that says where storage is; without it, a URI and the machine's Azure identity do.</summary>
    public const string ConnectionVariable = "AZURE_STORAGE_CONNECTION_STRING";

    private static readonly StorageTransferOptions Transfer = new() { InitialTransferSize = 8 << 20, MaximumTransferSize = 8 << 20, MaximumConcurrency = 4 };
    private readonly BlobContainerClient container;

    internal ArtifactStore(BlobContainerClient container) => this.container = container;

    /// <value>The container.</value>
    public Uri Uri => container.Uri;

    /// <value>The client, for the other classes of this folder.</value>
    internal BlobContainerClient Container => container;

    /// <summary>Opens a container by connection string and creates it where it is missing.</summary>
    /// <param name="connectionString">Azurite's or a storage account's; null reads <see cref="ConnectionVariable"/>.</param>
    /// <param name="containerName">The container.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="Errors.InvalidInputException">There is no connection string, or it cannot be read.</exception>
    public static async Task<ArtifactStore> OpenAsync(
        string? connectionString = null, string containerName = ArtifactLayout.DefaultContainer, CancellationToken cancel = default)
    {
        connectionString ??= Environment.GetEnvironmentVariable(ConnectionVariable)
            ?? throw new Errors.InvalidInputException($"{ConnectionVariable} is not set; expected the connection string of a storage account or of Azurite");
        var store = new ArtifactStore(Connect(connectionString, containerName));
        await store.container.CreateIfNotExistsAsync(cancellationToken: cancel);
        return store;
    }

    /// <summary>Opens the container that a blob is in: by <see cref="ConnectionVariable"/> where it is set, else by the machine's Azure identity.</summary>
    /// <param name="blob">A blob's URI, for instance a job's request.</param>
    /// <returns>The store and the blob's name in it.</returns>
    /// <exception cref="Errors.InvalidInputException">It is not the URI of a blob, or only a connection string could open it and there is none.</exception>
    public static (ArtifactStore Store, string Blob) OpenFor(Uri blob)
    {
        var parts = new BlobUriBuilder(blob);
        if (parts.BlobContainerName.Length == 0 || parts.BlobName.Length == 0)
        {
            throw new Errors.InvalidInputException(
                $"{blob} is not the URI of a blob; expected for instance https://account.blob.core.windows.net/distil/runs/…");
        }

        var name = parts.BlobName;
        parts.BlobName = "";
        var connectionString = Environment.GetEnvironmentVariable(ConnectionVariable);
        if (connectionString is null && blob.Scheme != Uri.UriSchemeHttps)
        {
            throw new Errors.InvalidInputException($"{ConnectionVariable} is not set and {blob} is not https; expected one of them");
        }

        var client = connectionString is null
            ? new BlobContainerClient(parts.ToUri(), new DefaultAzureCredential(), ClientOptions())
            : Connect(connectionString, parts.BlobContainerName);
        return (new ArtifactStore(client), name);
    }

    /// <summary>The URI of a blob; it need not exist.</summary>
    public Uri UriOf(string blob) => container.GetBlobClient(blob).Uri;

    /// <summary>Whether a blob exists.</summary>
    public async Task<bool> ExistsAsync(string blob, CancellationToken cancel = default) => await container.GetBlobClient(blob).ExistsAsync(cancel);

    /// <summary>Reads a document.</summary>
    /// <exception cref="ArtifactException">It is missing, or is not a <typeparamref name="T"/>.</exception>
    public async Task<T> ReadJsonAsync<T>(string blob, CancellationToken cancel = default)
        where T : class => await TryReadJsonAsync<T>(blob, cancel) ?? throw ArtifactException.Missing(blob);

    /// <summary>Reads a document; null where it is missing.</summary>
    /// <exception cref="ArtifactException">It is not a <typeparamref name="T"/>.</exception>
    public async Task<T?> TryReadJsonAsync<T>(string blob, CancellationToken cancel = default)
        where T : class
    {
        try
        {
            var content = await container.GetBlobClient(blob).DownloadContentAsync(cancel);
            return JsonSerializer.Deserialize<T>(content.Value.Content.ToMemory().Span, DistilJson.Options);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
        catch (JsonException wrong)
        {
            throw ArtifactException.Unreadable(blob, wrong);
        }
    }

    /// <summary>Reads a text blob; null where it is missing.</summary>
    public async Task<string?> TryReadTextAsync(string blob, CancellationToken cancel = default)
    {
        try
        {
            return (await container.GetBlobClient(blob).DownloadContentAsync(cancel)).Value.Content.ToString();
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Writes a document, over an older one.</summary>
    public Task WriteJsonAsync<T>(string blob, T document, CancellationToken cancel = default) =>
        WriteAsync(blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented), "application/json", onlyNew: false, cancel);

    /// <summary>Writes a document unless there is one already (If-None-Match).</summary>
    /// <returns>False where there is one; it is left as it is.</returns>
    public async Task<bool> TryCreateJsonAsync<T>(string blob, T document, CancellationToken cancel = default)
    {
        try
        {
            await WriteAsync(blob, JsonSerializer.SerializeToUtf8Bytes(document, DistilJson.Indented), "application/json", onlyNew: true, cancel);
            return true;
        }
        catch (RequestFailedException exists) when (exists.Status is 409 or 412)
        {
            return false;
        }
    }

    /// <summary>Writes a text blob, over an older one.</summary>
    public Task WriteTextAsync(string blob, string text, string contentType = "text/plain; charset=utf-8", CancellationToken cancel = default) =>
        WriteAsync(blob, Encoding.UTF8.GetBytes(text), contentType, onlyNew: false, cancel);

    /// <summary>Adds lines at the end of a text blob, which is made where it is missing.</summary>
    public async Task AppendLinesAsync(string blob, IEnumerable<string> lines, CancellationToken cancel = default)
    {
        var client = container.GetAppendBlobClient(blob);
        await client.CreateIfNotExistsAsync(new BlobHttpHeaders { ContentType = "text/plain; charset=utf-8" }, cancellationToken: cancel);
        foreach (var block in Encoding.UTF8.GetBytes(string.Concat(lines.Select(line => line + "\n"))).Chunk(client.AppendBlobMaxAppendBlockBytes))
        {
            await client.AppendBlockAsync(new MemoryStream(block), cancellationToken: cancel);
        }
    }

    /// <summary>Uploads a file, over an older blob.</summary>
    /// <returns>Name, size and checksum, for the manifest that makes it count.</returns>
    public async Task<ArtifactFile> UploadAsync(string blob, string localPath, CancellationToken cancel = default)
    {
        await using var file = File.OpenRead(localPath);
        var checksum = Convert.ToHexStringLower(await SHA256.HashDataAsync(file, cancel));
        file.Position = 0;
        await container.GetBlobClient(blob).UploadAsync(file, new BlobUploadOptions { TransferOptions = Transfer }, cancel);
        return new ArtifactFile(blob, file.Length, checksum);
    }

    /// <summary>Downloads a file and checks it; nothing is left at <paramref name="localPath"/> where it is bad.</summary>
    /// <exception cref="ArtifactException">The blob is missing, or its size or checksum is not the manifest's.</exception>
    public async Task DownloadAsync(ArtifactFile file, string localPath, CancellationToken cancel = default)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(localPath))!);
        var part = $"{localPath}.{Environment.ProcessId}.part";
        try
        {
            await DownloadUncheckedAsync(file.Name, part, cancel);
            await using (var written = File.OpenRead(part))
            {
                if (written.Length != file.Bytes)
                {
                    throw ArtifactException.WrongSize(file, written.Length);
                }

                var found = Convert.ToHexStringLower(await SHA256.HashDataAsync(written, cancel));
                if (!string.Equals(found, file.Sha256, StringComparison.OrdinalIgnoreCase))
                {
                    throw ArtifactException.WrongChecksum(file, found);
                }
            }

            File.Move(part, localPath, overwrite: true);
        }
        finally
        {
            File.Delete(part);
        }
    }

    /// <summary>The names of all blobs that begin with a prefix, in ordinal order.</summary>
    public async IAsyncEnumerable<string> ListAsync(
        string prefix, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel = default)
    {
        await foreach (var blob in container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancel))
        {
            yield return blob.Name;
        }
    }

    /// <summary>Deletes a blob. No error where it is missing.</summary>
    public Task DeleteAsync(string blob, CancellationToken cancel = default) => container.GetBlobClient(blob).DeleteIfExistsAsync(cancellationToken: cancel);

    internal static BlobClientOptions ClientOptions() => new(BlobClientOptions.ServiceVersion.V2025_05_05)
    {
        Retry = { Mode = RetryMode.Exponential, MaxRetries = 5, Delay = TimeSpan.FromMilliseconds(200), MaxDelay = TimeSpan.FromSeconds(10) },
    };

    private static BlobContainerClient Connect(string connectionString, string containerName)
    {
        try
        {
            return new BlobContainerClient(connectionString, containerName, ClientOptions());
        }
        catch (FormatException wrong)
        {
            throw new Errors.InvalidInputException($"{ConnectionVariable} cannot be read: {wrong.Message}", wrong);
        }
    }

    /// <summary>Downloads a blob that no manifest names, without a check: a copy for people.</summary>
    /// <exception cref="ArtifactException">The blob is missing.</exception>
    public async Task DownloadUncheckedAsync(string blob, string path, CancellationToken cancel = default)
    {
        try
        {
            await container.GetBlobClient(blob).DownloadToAsync(path, new BlobDownloadToOptions { TransferOptions = Transfer }, cancel);
        }
        catch (RequestFailedException missing) when (missing.Status == 404)
        {
            throw ArtifactException.Missing(blob, missing);
        }
    }

    private Task WriteAsync(string blob, byte[] content, string contentType, bool onlyNew, CancellationToken cancel) =>
        container.GetBlobClient(blob).UploadAsync(
            new BinaryData(content),
            new BlobUploadOptions
            {
                HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
                Conditions = onlyNew ? new BlobRequestConditions { IfNoneMatch = ETag.All } : null,
            },
            cancel);
}
