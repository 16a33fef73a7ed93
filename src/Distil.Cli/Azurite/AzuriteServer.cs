using System.Diagnostics;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Azurite;

/// <summary>An Azurite for as long as a command needs it: the first command starts it, others join it, and the last one stops it.</summary>
/// <remarks>
/// If a server ends before its last user does (it was killed), it is started again on its port. The blobs remain in <see cref="Workspace.Storage"/>.
/// <see cref="AzuriteFiles"/> coordinate the processes.
/// </remarks>
public sealed class AzuriteServer : IAsyncDisposable
{
    private readonly Workspace _workspace;
    private readonly AzuriteFiles _files;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);

    private readonly FileStream _use;
    private readonly CancellationTokenSource _left = new();
    private readonly Task _watching;
    private readonly ILogger _log;
    private AzuriteProcess _process;

    private AzuriteServer(Workspace workspace, FileStream use, AzuriteProcess process, ILogger log)
    {
        _workspace = workspace;
        _files = new AzuriteFiles(workspace);
        _use = use;
        _process = process;
        _log = log;
        AppDomain.CurrentDomain.ProcessExit += Abandon;
        _watching = WatchAsync();
    }

    /// <value>Connection string for clients.</value>
    public string ConnectionString => _process.ConnectionString;

    /// <value>Its port on 127.0.0.1.</value>
    public int Port => _process.Port;

    /// <summary>Joins the workspace's server, or starts it.</summary>
    /// <param name="workspace">The workspace with the storage.</param>
    /// <param name="port">The port for the server; null for a free one.</param>
    /// <param name="log">Receives a line if the server has to be started again.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">The port is in use, or the server runs on another; another container or machine uses the storage; node or Azurite
    /// is missing.</exception>
    public static async Task<AzuriteServer> JoinAsync(Workspace workspace, int? port, ILogger log, CancellationToken cancel)
    {
        workspace.CreateHome();
        var files = new AzuriteFiles(workspace);
        using var turn = await files.TakeTurnAsync(log, cancel);
        var recorded = await files.ReadAsync(cancel);
        var process = await RunningAsync(recorded, cancel);
        if (process is not null && port is not null && process.Port != port)
        {
            throw new InvalidInputException($"{workspace.Storage} is served on port {process.Port} already; leave out --storage-port {port}");
        }

        if (recorded is { IsElsewhere: true } && files.AreInUse())
        {
            throw new InvalidInputException(
                $"{workspace.Storage} is served by process {recorded.ProcessId} of another container or machine, and in use there; expected one at a time: "
                + "two servers would destroy the storage. Wait until its commands have ended, or let DISTIL_HOME name another folder");
        }

        process ??= await StartAsync(workspace, files, FreePort.Choose(port, recorded?.Port), recorded?.Key ?? AzuriteProcess.NewKey(), cancel);
        return new AzuriteServer(workspace, files.Use(), process, log);
    }

    /// <summary>Stops using the server, and stops it if nobody else uses it.</summary>
    public async ValueTask DisposeAsync()
    {
        AppDomain.CurrentDomain.ProcessExit -= Abandon;
        await _left.CancelAsync();
        await _watching;
        _left.Dispose();
        using var turn = await _files.TakeTurnAsync(_log, CancellationToken.None);
        await _use.DisposeAsync();
        if (!_files.AreUnused())
        {
            return;
        }

        await _process.StopAsync();
        _files.Forget();
    }

    private void Abandon(object? sender, EventArgs at) => Abandon();

    /// <summary>Does what can be done if this process ends at once, by a second Ctrl-C: the server is killed, which loses nothing that it has answered, unless
    /// others use it.</summary>
    internal void Abandon()
    {
        _left.Cancel();
        _use.Dispose();
        if (_files.AreUnused() && _process.IsAlive)
        {
            using var server = Process.GetProcessById(_process.ProcessId);
            server.Kill();
        }
    }

    private static async Task<AzuriteProcess?> RunningAsync(AzuriteProcess? recorded, CancellationToken cancel) =>
        recorded is not null && await recorded.AnswersAsync(cancel) ? recorded : null;

    private static async Task<AzuriteProcess> StartAsync(Workspace workspace, AzuriteFiles files, int port, string key, CancellationToken cancel)
    {
        var process = await AzuriteProcess.StartAsync(workspace, port, key, cancel);
        try
        {
            await files.WriteAsync(process, CancellationToken.None);
            return process;
        }
        catch
        {
            await process.StopAsync(); // nobody else would find it
            throw;
        }
    }

    // A server that is killed is started again on its port; its clients retry.
    private async Task WatchAsync()
    {
        while (!_left.IsCancellationRequested)
        {
            try
            {
                await Task.Delay(Look, _left.Token);
                if (!_process.IsAlive)
                {
                    await ReviveAsync(_left.Token);
                }
            }
            catch (OperationCanceledException) when (_left.IsCancellationRequested)
            {
                return;
            }
            catch (Exception failed) when (failed is RemoteException or IOException or InvalidInputException or OperationCanceledException)
            {
                _log.StorageCannotStart(failed.Message);
            }
        }
    }

    private async Task ReviveAsync(CancellationToken cancel)
    {
        using var turn = await _files.TakeTurnAsync(_log, cancel);
        if (await RunningAsync(await _files.ReadAsync(cancel), cancel) is { } another && (another.Port, another.Key) == (Port, _process.Key))
        {
            _process = another;
            return;
        }

        _log.StorageStartsAgain();
        _process = await StartAsync(_workspace, _files, Port, _process.Key, cancel);
    }
}
