namespace Distil.Core.Artifacts;

/// <summary>How messages name a storage.</summary>
internal static class StorageName
{
    /// <summary>The account and its host: <c>account.blob.core.windows.net</c>, or <c>account at 127.0.0.1:10000</c> for Azurite.</summary>
    /// <param name="url">A URL of the service, a container or a blob.</param>
    internal static string Of(Uri url) =>
        url.HostNameType is UriHostNameType.Dns && url.Host.Contains('.', StringComparison.Ordinal)
            ? url.Host
            : $"{url.AbsolutePath.Split('/', StringSplitOptions.RemoveEmptyEntries).FirstOrDefault("")} at {url.Authority}";
}
