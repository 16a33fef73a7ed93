using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Azurite;

/// <summary>The storage of a command: the account that <c>AZURE_STORAGE_CONNECTION_STRING</c> names, else the workspace's Azurite.</summary>
public sealed class LocalStorage : IAsyncDisposable
{
    private readonly AzuriteServer? _azurite;

    private LocalStorage(string connectionString, ArtifactStore store, AzuriteServer? azurite)
    {
        ConnectionString = connectionString;
        Store = store;
        _azurite = azurite;
    }

    /// <value>Connection string, for child processes.</value>
    public string ConnectionString { get; }

    /// <value>Whether it is on this machine, and not an account elsewhere.</value>
    public bool IsLocal => _azurite is not null;

    /// <value>The artifacts.</value>
    public ArtifactStore Store { get; }

    /// <summary>Opens it, starting Azurite if needed.</summary>
    /// <param name="workspace">The workspace whose Azurite is used.</param>
    /// <param name="port">The port for Azurite; null for a free one.</param>
    /// <param name="connectionString">Connection string of an account to use instead of Azurite; null for none.</param>
    /// <param name="log">Receives a line if Azurite has to be started again.</param>
    /// <param name="cancel">Cancels the call.</param>
    public static async Task<LocalStorage> OpenAsync(Workspace workspace, int? port, string? connectionString, ILogger log, CancellationToken cancel)
    {
        if (connectionString is not null)
        {
            return new LocalStorage(connectionString, await ArtifactStore.OpenAsync(connectionString, cancel: cancel), azurite: null);
        }

        var azurite = await AzuriteServer.JoinAsync(workspace, port, log, cancel);
        try
        {
            return new LocalStorage(azurite.ConnectionString, await ArtifactStore.OpenAsync(azurite.ConnectionString, cancel: cancel), azurite);
        }
        catch
        {
            await azurite.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops using Azurite, which ends with its last user.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_azurite is not null)
        {
            await _azurite.DisposeAsync();
        }
    }
}
