using System.Text.Json;
using Distil.Cli.Workspaces;
using Distil.Core;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Azurite;

/// <summary>Three small files in <see cref="Workspace.Home"/> through which processes share one server, even after one is killed, because the system frees
/// its locks.</summary>
/// <remarks>
/// <c>azurite.json</c> contains the server's address, <c>azurite.lock</c> lets one process at a time start or stop the server, and every user holds a shared
/// lock on <c>azurite.users</c>.
/// </remarks>
internal sealed class AzuriteFiles(Workspace workspace)
{
    private const int TriesInSilence = 100;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(50);

    private readonly string _state = Path.Combine(workspace.Home, "azurite.json");
    private readonly string _turn = Path.Combine(workspace.Home, "azurite.lock");
    private readonly string _users = Path.Combine(workspace.Home, "azurite.users");

    /// <summary>The server that was started last; null if none was, or if it was stopped.</summary>
    internal async Task<AzuriteProcess?> ReadAsync(CancellationToken cancel) =>
        File.Exists(_state) ? Parse(await File.ReadAllTextAsync(_state, cancel)) : null;

    /// <summary>Stores the server's address; the caller must hold the lock.</summary>
    internal Task WriteAsync(AzuriteProcess process, CancellationToken cancel) => AtomicFile.WriteAsync(
        _state, async temporary =>
        {
            await File.WriteAllTextAsync(temporary, "", cancel);
            if (!OperatingSystem.IsWindows())
            {
                File.SetUnixFileMode(temporary, UnixFileMode.UserRead | UnixFileMode.UserWrite); // it contains the account's key
            }

            await File.WriteAllTextAsync(temporary, JsonSerializer.Serialize(process, DistilJson.Options), cancel);
        });

    // A file of an earlier version, whose server had the published key, or one that a full disk has cut: no server can be joined by it.
    private static AzuriteProcess? Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<AzuriteProcess>(text, DistilJson.Options) is { IsPossible: true } process ? process : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>Deletes the server's address; the caller must hold the lock.</summary>
    internal void Forget() => File.Delete(_state);

    /// <summary>Waits until no other process starts or stops the server; disposing the result releases the lock.</summary>
    /// <param name="log">Receives a line if that takes long: the other process may be suspended.</param>
    /// <param name="cancel">Cancels the call.</param>
    internal async Task<IDisposable> TakeTurnAsync(ILogger log, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                return new FileStream(_turn, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(_turn))
            {
                if (tries == TriesInSilence)
                {
                    log.WaitsForTurn(_turn);
                }

                await Task.Delay(BetweenTries, cancel);
            }
        }
    }

    /// <summary>Registers this process as a user until the result is disposed.</summary>
    internal FileStream Use() => new(_users, FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);

    /// <summary>Whether a process uses the server; false also if there never was one.</summary>
    internal bool AreInUse() => File.Exists(_users) && !AreUnused();

    /// <summary>Whether no process uses the server.</summary>
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
