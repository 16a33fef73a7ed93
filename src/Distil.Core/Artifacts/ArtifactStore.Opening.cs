using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Distil.Core.Settings;

namespace Distil.Core.Artifacts;

/// <content>Opening a container, with the client's retries.</content>
public sealed partial class ArtifactStore
{
    /// <summary>Opens a container by connection string and creates it if it is missing.</summary>
    /// <param name="connectionString">The connection string of Azurite or of a storage account; null is an error that names the setting.</param>
    /// <param name="containerName">The container.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="Errors.InvalidInputException">There is no connection string, or it cannot be read.</exception>
    public static async Task<ArtifactStore> OpenAsync(
        string? connectionString, string containerName = ArtifactLayout.DefaultContainer, CancellationToken cancel = default)
    {
        var store = new ArtifactStore(Connect(
            connectionString ?? throw new Errors.InvalidInputException(
                $"{SourceSettings.ConnectionVariable} is not set; expected the connection string of a storage account or of Azurite"),
            containerName));
        await store.SoonAsync(containerName, soon => store._container.CreateIfNotExistsAsync(cancellationToken: soon), cancel);
        return store;
    }

    /// <summary>Opens the container that a blob is in.</summary>
    /// <param name="blob">A blob's URI, for instance a job's request.</param>
    /// <param name="connectionString">The connection string of its account; null to sign in with the machine's Azure identity.</param>
    /// <returns>The store and the blob's name in it.</returns>
    /// <exception cref="Errors.InvalidInputException">It is not the URI of a blob, or only a connection string could open it and there is none.</exception>
    public static (ArtifactStore Store, string Blob) OpenFor(Uri blob, string? connectionString)
    {
        var parts = new BlobUriBuilder(blob);
        if (parts.BlobContainerName.Length == 0 || parts.BlobName.Length == 0)
        {
            throw new Errors.InvalidInputException(
                $"{blob} is not the URI of a blob; expected for instance https://account.blob.core.windows.net/distil/runs/…");
        }

        var name = parts.BlobName;
        parts.BlobName = "";
        if (connectionString is null && blob.Scheme != Uri.UriSchemeHttps)
        {
            throw new Errors.InvalidInputException($"{SourceSettings.ConnectionVariable} is not set and {blob} is not https; expected one of them");
        }

        var client = connectionString is null
            ? new BlobContainerClient(parts.ToUri(), new DefaultAzureCredential(), ClientOptions())
            : Connect(connectionString, parts.BlobContainerName);
        return (new ArtifactStore(client), name);
    }

    internal static BlobClientOptions ClientOptions()
    {
        var options = new BlobClientOptions(BlobClientOptions.ServiceVersion.V2025_05_05)
        {
            Retry = { Mode = RetryMode.Exponential, MaxRetries = 8, Delay = TimeSpan.FromMilliseconds(200), MaxDelay = TimeSpan.FromSeconds(10) },
        };
        options.AddPolicy(new UnreachablePolicy(), HttpPipelinePosition.PerCall);
        return options;
    }

    private static BlobContainerClient Connect(string connectionString, string containerName) =>
        StorageConnection.Open(connectionString, account => new BlobContainerClient(account, containerName, ClientOptions()));
}
