using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging.Abstractions;

[assembly: AssemblyFixture(typeof(Distil.Cli.Tests.Serving.SharedAzurite))]

namespace Distil.Cli.Tests.Serving;

/// <summary>One Azurite for all tests that only need storage; each takes a container of its own.</summary>
public sealed class SharedAzurite : IAsyncLifetime
{
    private readonly TemporaryWorkspace _workspace = new();
    private AzuriteServer? _server;

    public async ValueTask InitializeAsync() => _server = await AzuriteServer.JoinAsync(_workspace.Workspace, port: null, NullLogger.Instance, CancellationToken.None);

    public Task<ArtifactStore> NewStoreAsync() => ArtifactStore.OpenAsync(_server!.ConnectionString, $"test-{Guid.NewGuid():n}");

    public async ValueTask DisposeAsync()
    {
        await _server!.DisposeAsync();
        _workspace.Dispose();
    }
}
