using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Text.Json.Serialization;
using Distil.Core;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;
using Distil.Core.Http;
using Distil.Hosting.Processes;

namespace Distil.Cli.Azurite;

/// <summary>A running Azurite, which commands in other processes may use too.</summary>
/// <param name="ProcessId">Id of its process.</param>
/// <param name="Port">Its port on 127.0.0.1.</param>
/// <param name="Key">The key of its account, in base64: chosen when it is started, because other users and web pages reach the port too.</param>
/// <param name="Identity">What tells its process from those of other containers and machines; null in a file of an earlier version.</param>
internal sealed record AzuriteProcess(int ProcessId, int Port, string Key, ProcessIdentity? Identity = null)
{
    private const string Account = "distil";
    private const int KeyBytes = 64;
    private const long LeastSpace = 256 << 10; // for its log, its process id and a first document

    /// <summary>Time for a start, on a machine that is busy with other work.</summary>
    private static readonly TimeSpan StartTime = TimeSpan.FromSeconds(120);

    private static readonly TimeSpan AnswerTime = TimeSpan.FromSeconds(30);

    /// <value>Connection string for clients.</value>
    [JsonIgnore]
    public string ConnectionString => string.Create(
        CultureInfo.InvariantCulture,
        $"DefaultEndpointsProtocol=http;AccountName={Account};AccountKey={Key};BlobEndpoint=http://127.0.0.1:{Port}/{Account};");

    /// <value>Whether its id, port and key are ones that a server can have.</value>
    [JsonIgnore]
    public bool IsPossible =>
        ProcessId > 0 && Port is > 0 and <= IPEndPoint.MaxPort
        && Convert.TryFromBase64String(Key, new byte[KeyBytes], out var length) && length == KeyBytes;

    /// <value>Whether its process runs here: on this machine, in this container.</value>
    [JsonIgnore]
    public bool IsAlive => Identity is null ? ProcessTable.IsAlive(ProcessId) : Identity.IsAlive == true;

    /// <value>Whether it was started in another container or on another machine, so that nothing here can know whether it runs.</value>
    [JsonIgnore]
    public bool IsElsewhere => Identity is { IsAlive: null };

    /// <summary>A new key.</summary>
    public static string NewKey() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes));

    /// <summary>Starts Azurite; it outlives this process.</summary>
    /// <param name="workspace">The workspace with the storage folder and the repository that contains <c>tools/azurite</c>.</param>
    /// <param name="port">A free port.</param>
    /// <param name="key">The key of its account.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">Node or Azurite is not installed, or the index of the blobs is damaged.</exception>
    public static async Task<AzuriteProcess> StartAsync(Workspace workspace, int port, string key, CancellationToken cancel)
    {
        workspace.RepositoryFile("tools", "azurite", "node_modules", "azurite");
        Directory.CreateDirectory(workspace.Storage);
        new AzuriteIndex(workspace).Require();
        var log = Path.Combine(workspace.Home, "azurite.log");
        string[] arguments =
        [
            workspace.RepositoryFile("tools", "azurite", "start.mjs"), log,
            "--blobHost", "127.0.0.1", "--blobPort", port.ToString(CultureInfo.InvariantCulture), "--location", workspace.Storage,
            "--skipApiVersionCheck", "--silent", "--disableTelemetry", "--disableProductStyleUrl",
        ];
        try
        {
            cancel.ThrowIfCancellationRequested(); // from here on there may be a process to end, so its id is read in any case
            using var launcher = Process.Start(new ProcessStartInfo("node", arguments)
            {
                RedirectStandardOutput = true,
                Environment = { ["AZURITE_ACCOUNTS"] = $"{Account}:{key}" },
            })!;
            var processId = await LaunchAsync(launcher, StartTime, cancel);
            var azurite = new AzuriteProcess(processId, port, key, ProcessIdentity.TryFind(processId));
            try
            {
                await azurite.WaitUntilItAnswersAsync(log, cancel);
                return azurite;
            }
            catch
            {
                await azurite.StopAsync();
                throw;
            }
        }
        catch (Win32Exception missing)
        {
            throw new InvalidInputException(
                "node is not on the path; install Node.js 20 or later, or name a storage account by AZURE_STORAGE_CONNECTION_STRING", missing);
        }
    }

    /// <summary>Reads the id that node prints, and ends node if it prints none in time.</summary>
    /// <exception cref="InvalidInputException">It ends without one, or is not done in time.</exception>
    internal static async Task<int> LaunchAsync(Process launcher, TimeSpan limit, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(limit);
        var output = launcher.StandardOutput.ReadToEndAsync(CancellationToken.None);
        var isDone = await output.WaitAsync(patience.Token).ContinueWith(reading => reading.IsCompletedSuccessfully, TaskScheduler.Default);
        if (!isDone)
        {
            launcher.Kill(entireProcessTree: true); // the server too: it is node's child as long as node runs
        }

        await launcher.WaitForExitAsync(CancellationToken.None);
        if (int.TryParse(await output, CultureInfo.InvariantCulture, out var processId))
        {
            return processId;
        }

        cancel.ThrowIfCancellationRequested();
        throw new InvalidInputException(
            $"node did not start the local storage: {(isDone ? $"it ended with {launcher.ExitCode}" : $"it said nothing for {limit.TotalSeconds:F0} s")}; "
            + "expected Node.js 20 or later (`distil doctor` shows which one this is)");
    }

    /// <summary>Whether it runs and answers as Azurite does.</summary>
    /// <exception cref="RemoteException">It runs and does not answer: it is suspended, or its machine is too busy.</exception>
    public Task<bool> AnswersAsync(CancellationToken cancel) => AnswersAsync(AnswerTime, cancel);

    /// <inheritdoc cref="AnswersAsync(CancellationToken)"/>
    internal async Task<bool> AnswersAsync(TimeSpan patience, CancellationToken cancel)
    {
        if (!IsAlive)
        {
            return false;
        }

        using var client = new HttpClient { Timeout = patience };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/"), cancel);
            return answer.Headers.Server.ToString().StartsWith("Azurite", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
        catch (TaskCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new RemoteException(
                $"the local storage (process {ProcessId}, port {Port}) runs, but has not answered for {patience.TotalSeconds:F0} s; "
                + $"if it was suspended, `kill -CONT {ProcessId}` lets it go on, else end it (`kill -9 {ProcessId}`): the next command starts it again");
        }
    }

    /// <summary>Asks it to write its state and end, and kills it if it does not within 10 seconds.</summary>
    public Task StopAsync() => Signals.TerminateAsync(ProcessId, TimeSpan.FromSeconds(10));

    /// <summary>Why it did not start: on a full disk it cannot even say so.</summary>
    /// <param name="said">What it said.</param>
    /// <param name="folder">The folder with its files.</param>
    /// <param name="free">Free bytes of a folder's file system.</param>
    internal RemoteException NotStarted(string said, string folder, Func<string, long> free) => free(folder) is < LeastSpace and var left
        ? new RemoteException($"the local storage cannot start: the disk of {folder} has {left:N0} bytes free; make room, or let DISTIL_HOME name a folder of another disk")
        : new RemoteException($"the local storage did not start on port {Port}; Azurite said: {Shown.Short(said.Trim(), 2000)}");

    private async Task WaitUntilItAnswersAsync(string log, CancellationToken cancel)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(cancel))
        {
            if (!IsAlive || Stopwatch.GetElapsedTime(since) > StartTime)
            {
                throw NotStarted(await File.ReadAllTextAsync(log, cancel), Path.GetDirectoryName(log)!, Machine.FreeBytes);
            }

            await Task.Delay(50, cancel);
        }
    }
}
