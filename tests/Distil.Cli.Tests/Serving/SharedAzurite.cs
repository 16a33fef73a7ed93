using Distil.Cli.Azurite;
using Distil.Core.Artifacts;

[assembly: AssemblyFixture(typeof(Distil.Cli.Tests.Serving.SharedAzurite))]

namespace Distil.Cli.Tests.Serving;

/// <summary>One Azurite for all tests that only need storage; each takes a container of its own.</summary>
public sealed class SharedAzurite : IAsyncLifetime
{
    private readonly TemporaryWorkspace workspace = new();
    private AzuriteServer? server;

    public async ValueTask InitializeAsync() => server = await AzuriteServer.JoinAsync(workspace.Workspace, port: null, CancellationToken.None);

    public Task<ArtifactStore> NewStoreAsync() => ArtifactStore.OpenAsync(server!.ConnectionString, $"test-{Guid.NewGuid():n}");

    public async ValueTask DisposeAsync()
    {
        await server!.DisposeAsync();
        workspace.Dispose();
    }
}
