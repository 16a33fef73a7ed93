using System.Collections.Concurrent;
using Azure;
using Azure.Core;
using Azure.Identity;
using Azure.Storage.Blobs;
using Azure.Storage.Sas;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Core.Settings;

namespace Distil.Core.Sources.Remote;

/// <summary>Access to blobs of Azure Storage: by a signature in the URL (its own, or one of <see cref="SignedUrls"/>), the connection string of their
/// account, else the machine's identity.</summary>
/// <param name="connectionString">Connection string of the one account whose blobs are signed here; null if there is none.</param>
/// <param name="credential">Creates the machine's identity when a blob first needs it.</param>
internal sealed class AzureAccess(string? connectionString, Func<TokenCredential> credential)
{
    private static readonly TimeSpan SignedFor = TimeSpan.FromHours(12);
    private static readonly TokenRequestContext Storage = new(["https://storage.azure.com/.default"]);

    private readonly BlobServiceClient? _account = connectionString is null
        ? null : StorageConnection.Open(connectionString, account => new BlobServiceClient(account));
    private readonly Lazy<TokenCredential> _identity = new(credential);
    private readonly ConcurrentDictionary<string, bool> _withIdentity = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether blobs can be listed below a URL.</summary>
    public bool IsBlob(Uri url) => IsAzure(url) || IsOfAccount(url);

    /// <summary>Whether requests to a URL's account use the machine's identity, see <see cref="UseIdentity"/>.</summary>
    public bool UsesIdentity(Uri url) => _withIdentity.ContainsKey(url.Host);

    /// <summary>Makes all further requests to a URL's account use the machine's identity.</summary>
    public void UseIdentity(Uri url) => _withIdentity[url.Host] = true;

    /// <summary>Whether a refusal may be due to a missing identity.</summary>
    public static bool MayNeedIdentity(Uri url, System.Net.HttpStatusCode status) => (int)status is 401 or 403 or 404 or 409 && IsAzure(url) && !IsSigned(url);

    /// <summary>Returns the URL with a signature if this machine's connection string can create one.</summary>
    public Uri Sign(Uri url)
    {
        if (!IsOfAccount(url) || IsSigned(url))
        {
            return url;
        }

        var parts = new BlobUriBuilder(url);
        var blob = _account!.GetBlobContainerClient(parts.BlobContainerName).GetBlobClient(parts.BlobName);
        return blob.CanGenerateSasUri ? blob.GenerateSasUri(BlobSasPermissions.Read, DateTimeOffset.UtcNow + SignedFor) : url;
    }

    /// <summary>Returns the machine's token for Azure Storage.</summary>
    /// <exception cref="InvalidInputException">The machine has no identity.</exception>
    public async Task<string> TokenAsync(Uri url, CancellationToken cancel)
    {
        try
        {
            return (await _identity.Value.GetTokenAsync(Storage, cancel)).Token;
        }
        catch (AuthenticationFailedException none)
        {
            throw new InvalidInputException(
                $"{url.GetLeftPart(UriPartial.Path)}: is not public, and this machine has no identity in Azure; "
                + $"expected `az login`, or a URL with a signature (SAS) in {SignedUrls.Variable}: {none.Message.Split('\n')[0]}", none);
        }
    }

    /// <summary>Whether a query is a shared access signature of Azure Storage.</summary>
    public static bool IsShared(string query) => query.Contains("sv=", StringComparison.Ordinal) && query.Contains("sig=", StringComparison.Ordinal);

    /// <summary>Returns the blobs of a container below a prefix, with their URLs without a query.</summary>
    public async Task<IReadOnlyList<(string Url, long Bytes, string ETag)>> ListAsync(Uri container, string prefix, CancellationToken cancel)
    {
        var name = new BlobUriBuilder(container).BlobContainerName;
        var client = IsSigned(container) ? new BlobContainerClient(container)
            : IsOfAccount(container) ? _account!.GetBlobContainerClient(name)
            : new BlobContainerClient(container, _identity.Value);
        try
        {
            var blobs = new List<(string, long, string)>();
            await foreach (var blob in client.GetBlobsAsync(new Azure.Storage.Blobs.Models.GetBlobsOptions { Prefix = prefix }, cancel))
            {
                var url = client.GetBlobClient(blob.Name).Uri.GetLeftPart(UriPartial.Path);
                blobs.Add((url, blob.Properties.ContentLength ?? 0, blob.Properties.ETag?.ToString("G").Trim('"') ?? ""));
            }

            return blobs;
        }
        catch (Exception refused) when (refused is RequestFailedException { Status: 401 or 403 or 404 } or AuthenticationFailedException)
        {
            throw new InvalidInputException($"{container.GetLeftPart(UriPartial.Path)}: its blobs cannot be listed: {refused.Message.Split('\n')[0]}", refused);
        }
    }

    private static bool IsAzure(Uri url) =>
        url.Host.Contains(".blob.core.", StringComparison.OrdinalIgnoreCase) || url.Host.Contains(".blob.storage.azure.", StringComparison.OrdinalIgnoreCase);

    private static bool IsSigned(Uri url) => url.Query.Contains("sig=", StringComparison.Ordinal);

    private bool IsOfAccount(Uri url) =>
        _account is not null && url.ToString().StartsWith(_account.Uri.ToString().TrimEnd('/') + "/", StringComparison.OrdinalIgnoreCase);
}
