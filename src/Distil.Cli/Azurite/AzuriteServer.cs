using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Errors;

namespace Distil.Cli.Azurite;

/// <summary>Azurite for as long as a command needs it: the first command starts it, others join, the last one stops it.</summary>
/// <remarks>
/// Three small files in <see cref="Workspace.Home"/> keep this right between processes, also after one is killed, since the system frees its locks:
/// <c>azurite.json</c> says where the server is, <c>azurite.lock</c> lets one process at a time start or stop it, and every user holds a shared lock on <c>azurite.users</c>.
/// The blobs stay in <see cref="Workspace.Storage"/>.
/// </remarks>
public sealed class AzuriteServer : IAsyncDisposable
{
    private readonly Workspace workspace;
    private readonly FileStream use;
    private readonly AzuriteProcess process;

    private AzuriteServer(Workspace workspace, FileStream use, AzuriteProcess process)
    {
        this.workspace = workspace;
        this.use = use;
        this.process = process;
    }

    /// <value>How clients reach it.</value>
    public string ConnectionString => process.ConnectionString;

    /// <value>Its port on 127.0.0.1.</value>
    public int Port => process.Port;

    /// <summary>Joins the workspace's server, or starts it.</summary>
    /// <param name="workspace">Whose storage is served.</param>
    /// <param name="port">The port to start it on; null takes a free one.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The port is in use, or the server runs on another; node or Azurite is missing.</exception>
    public static async Task<AzuriteServer> JoinAsync(Workspace workspace, int? port, CancellationToken cancel)
    {
        Directory.CreateDirectory(workspace.Home);
        using var turn = await TakeTurnAsync(workspace, cancel);
        var process = await RunningAsync(workspace, cancel);
        if (process is not null && port is not null && process.Port != port)
            throw new InvalidInputException($"{workspace.Storage} is served on port {process.Port} already; leave out --storage-port {port}");

        if (process is null)
        {
            process = await AzuriteProcess.StartAsync(workspace, port is { } wanted ? Free(wanted) : Free(0), cancel);
            await File.WriteAllTextAsync(StateFile(workspace), JsonSerializer.Serialize(process, DistilJson.Options), cancel);
        }

        var use = new FileStream(UsersFile(workspace), FileMode.OpenOrCreate, FileAccess.Read, FileShare.Read);
        return new AzuriteServer(workspace, use, process);
    }

    /// <summary>Leaves; stops the server where nobody else uses it.</summary>
    public async ValueTask DisposeAsync()
    {
        using var turn = await TakeTurnAsync(workspace, CancellationToken.None);
        await use.DisposeAsync();
        if (!NobodyUsesIt())
            return;

        await process.StopAsync();
        File.Delete(StateFile(workspace));
    }

    private static string StateFile(Workspace workspace) => Path.Combine(workspace.Home, "azurite.json");

    private static string UsersFile(Workspace workspace) => Path.Combine(workspace.Home, "azurite.users");

    private static async Task<AzuriteProcess?> RunningAsync(Workspace workspace, CancellationToken cancel)
    {
        if (!File.Exists(StateFile(workspace)))
            return null;

        var recorded = JsonSerializer.Deserialize<AzuriteProcess>(await File.ReadAllTextAsync(StateFile(workspace), cancel), DistilJson.Options)!;
        return await recorded.AnswersAsync(cancel) ? recorded : null;
    }

    private static async Task<FileStream> TakeTurnAsync(Workspace workspace, CancellationToken cancel)
    {
        while (true)
        {
            try
            {
                return new FileStream(Path.Combine(workspace.Home, "azurite.lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(Path.Combine(workspace.Home, "azurite.lock")))
            {
                await Task.Delay(50, cancel);
            }
        }
    }

    private bool NobodyUsesIt()
    {
        try
        {
            using var alone = new FileStream(UsersFile(workspace), FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static int Free(int port)
    {
        using var listener = new TcpListener(IPAddress.Loopback, port);
        try
        {
            listener.Start();
        }
        catch (SocketException taken) when (taken.SocketErrorCode is SocketError.AddressAlreadyInUse or SocketError.AccessDenied)
        {
            throw new InvalidInputException($"port {port} of 127.0.0.1 is in use or not allowed; leave out --storage-port, or name a free port", taken);
        }

        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}
