using Distil.Contracts;
using Distil.Core.Artifacts;

namespace Distil.Core.Tests.Artifacts;

/// <summary>The service that other tests use, held to the contract that Azurite is held to.</summary>
public sealed class InMemoryStoreTests : ArtifactStoreContract, IDisposable
{
    private readonly InMemoryBlobService _service = new();

    public void Dispose() => _service.Dispose();

    internal override Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null) => Task.FromResult(_service.OpenStore(between));
}

/// <inheritdoc cref="InMemoryStoreTests"/>
public sealed class InMemoryLeaseTests : LeaseContract, IDisposable
{
    private readonly InMemoryBlobService _service = new();

    public void Dispose() => _service.Dispose();

    internal override Task<ArtifactStore> OpenAsync(DelegatingHandler? between = null) => Task.FromResult(_service.OpenStore(between));
}
