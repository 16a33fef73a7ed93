using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Distil.Core;
using Distil.Cli.Workspaces;
using Distil.Core.Errors;
using Distil.Hosting.Processes;

namespace Distil.Cli.Azurite;

/// <summary>A running Azurite, which commands in other processes may use too.</summary>
/// <param name="ProcessId">Id of its process.</param>
/// <param name="Port">Its port on 127.0.0.1.</param>
internal sealed record AzuriteProcess(int ProcessId, int Port)
{
    /// <value>Connection string for clients. The account and its key are Azurite's published ones; it listens on this machine only.</value>
    public string ConnectionString =>
        "DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==;"
        + string.Create(CultureInfo.InvariantCulture, $"BlobEndpoint=http://127.0.0.1:{Port}/devstoreaccount1;");

    /// <summary>Starts Azurite; it outlives this process.</summary>
    /// <param name="workspace">The workspace with the storage folder and the repository that contains <c>tools/azurite</c>.</param>
    /// <param name="port">A free port.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">Node or Azurite is not installed.</exception>
    public static async Task<AzuriteProcess> StartAsync(Workspace workspace, int port, CancellationToken cancel)
    {
        workspace.RepositoryFile("tools", "azurite", "node_modules", "azurite");
        Directory.CreateDirectory(workspace.Storage);
        var log = Path.Combine(workspace.Home, "azurite.log");
        string[] arguments =
        [
            workspace.RepositoryFile("tools", "azurite", "start.mjs"), log,
            "--blobHost", "127.0.0.1", "--blobPort", port.ToString(CultureInfo.InvariantCulture), "--location", workspace.Storage,
            "--skipApiVersionCheck", "--silent", "--disableTelemetry",
        ];
        try
        {
            using var launcher = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true })!;
            var said = await launcher.StandardOutput.ReadToEndAsync(cancel);
            await launcher.WaitForExitAsync(cancel);
            if (!int.TryParse(said, CultureInfo.InvariantCulture, out var processId))
            {
                throw new InvalidOperationException($"Azurite did not start; node ended with {launcher.ExitCode}");
            }

            var azurite = new AzuriteProcess(processId, port);
            await azurite.WaitUntilItAnswersAsync(log, cancel);
            return azurite;
        }
        catch (Win32Exception missing)
        {
            throw new InvalidInputException(
                "node is not on the path; install Node.js 20 or later, or name a storage account by AZURE_STORAGE_CONNECTION_STRING", missing);
        }
    }

    /// <summary>Whether it runs and answers as Azurite does.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancel)
    {
        if (!ProcessTable.IsAlive(ProcessId))
        {
            return false;
        }

        using var client = new HttpClient { Timeout = TimeSpan.FromSeconds(30) };
        try
        {
            using var answer = await client.GetAsync(new Uri($"http://127.0.0.1:{Port}/"), cancel);
            return answer.Headers.Server.ToString().StartsWith("Azurite", StringComparison.Ordinal);
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <summary>Asks it to write its state and end, and kills it if it does not within 10 seconds.</summary>
    public Task StopAsync() => Signals.TerminateAsync(ProcessId, TimeSpan.FromSeconds(10));

    private async Task WaitUntilItAnswersAsync(string log, CancellationToken cancel)
    {
        var since = Stopwatch.GetTimestamp();
        while (!await AnswersAsync(cancel))
        {
            if (!ProcessTable.IsAlive(ProcessId) || Stopwatch.GetElapsedTime(since) > TimeSpan.FromSeconds(60))
            {
                throw new InvalidOperationException($"Azurite did not answer on port {Port}; it said: {(await File.ReadAllTextAsync(log, cancel)).Trim()}");
            }

            await Task.Delay(50, cancel);
        }
    }
}
