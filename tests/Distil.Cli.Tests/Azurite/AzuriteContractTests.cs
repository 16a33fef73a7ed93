using Distil.Cli.Tests.Serving;
using Distil.Contracts;
using Distil.Core.Artifacts;

namespace Distil.Cli.Tests.Azurite;

/// <summary>The contract of the store over Azurite.</summary>
public sealed class AzuriteStoreTests(SharedAzurite azurite) : ArtifactStoreContract
{
    private readonly string _container = $"store-{Guid.NewGuid():n}";

    internal override Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null) => azurite.OpenAsync(_container, between);
}

/// <summary>The contract of leases over Azurite.</summary>
public sealed class AzuriteLeaseTests(SharedAzurite azurite) : LeaseContract
{
    private readonly string _container = $"lease-{Guid.NewGuid():n}";

    internal override Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null) => azurite.OpenAsync(_container, between);
}
