using Azure.Core.Pipeline;
using Azure.Storage.Blobs;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Distil.Cli.Tests.Serving.SharedAzurite))]

namespace Distil.Cli.Tests.Serving;

/// <summary>One Azurite for all tests that only need storage; each opens its own container.</summary>
public sealed class SharedAzurite : IAsyncLifetime
{
    private readonly TemporaryWorkspace _workspace = new();
    private AzuriteServer? _server;

    public async ValueTask InitializeAsync() =>
        _server = await AzuriteServer.JoinAsync(_workspace.Workspace, port: null, NullLogger.Instance, CancellationToken.None);

    /// <summary>Opens a container, which is created if it is missing.</summary>
    /// <param name="container">Its name.</param>
    /// <param name="between">Sees each request before Azurite does.</param>
    internal async Task<ArtifactStore> OpenAsync(string container, DelegatingHandler? between = null)
    {
        await ArtifactStore.OpenAsync(_server!.ConnectionString, container);
        var options = ArtifactStore.ClientOptions();
        between?.InnerHandler = new SocketsHttpHandler();
        options.Transport = between is null ? options.Transport : new HttpClientTransport(new HttpClient(between));
        return new ArtifactStore(new BlobContainerClient(_server.ConnectionString, container, options));
    }

    public Task<ArtifactStore> NewStoreAsync() => ArtifactStore.OpenAsync(_server!.ConnectionString, $"test-{Guid.NewGuid():n}");

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _workspace.Dispose();
    }
}
