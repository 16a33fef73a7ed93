using System.Text.Json;
using Distil.Cli.Workspaces;
using Distil.Core;

namespace Distil.Cli.Azurite;

/// <summary>Three small files in <see cref="Workspace.Home"/> by which processes share one server, also after one is killed, since the system frees its locks.</summary>
/// <remarks>
/// <c>azurite.json</c> says where the server is, <c>azurite.lock</c> lets one process at a time start or stop it, and every user holds a shared lock on
/// <c>azurite.users</c>.
/// </remarks>
internal sealed class AzuriteFiles(Workspace workspace)
{
    private readonly string _state = Path.Combine(workspace.Home, "azurite.json");
    private readonly string _turn = Path.Combine(workspace.Home, "azurite.lock");
    private readonly string _users = Path.Combine(workspace.Home, "azurite.users");

    /// <summary>The server that was started last; null where none was, or it was stopped.</summary>
    internal async Task<AzuriteProcess?> ReadAsync(CancellationToken cancel) =>
        File.Exists(_state) ? JsonSerializer.Deserialize<AzuriteProcess>(await File.ReadAllTextAsync(_state, cancel), DistilJson.Options) : null;

    /// <summary>Says where the server is; needs the turn.</summary>
    internal async Task WriteAsync(AzuriteProcess process, CancellationToken cancel)
    {
        var part = _state + ".part";
        await File.WriteAllTextAsync(part, JsonSerializer.Serialize(process, DistilJson.Options), cancel);
        File.Move(part, _state, overwrite: true);
    }

    /// <summary>Says that there is none; needs the turn.</summary>
    internal void Forget() => File.Delete(_state);

    /// <summary>Waits until no other process starts or stops the server; disposing ends the turn.</summary>
    internal async Task<IDisposable> TakeTurnAsync(CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return new FileStream(_turn, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(_turn))
            {
                await Task.Delay(50, cancel);
            }
        }
    }

    /// <summary>Becomes a user, until disposed.</summary>
    internal FileStream Use() => new(_users, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);

    /// <summary>Whether nobody uses the server.</summary>
    internal bool AreUnused()
    {
        try
        {
            using var alone = new FileStream(_users, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}
