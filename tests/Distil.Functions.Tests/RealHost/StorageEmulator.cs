using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Azure.Storage.Blobs;

namespace Distil.Functions.Tests.RealHost;

/// <summary>Azurite with blobs, queues and tables, which Durable's default back end needs.</summary>
internal sealed class StorageEmulator : IAsyncDisposable
{
    private readonly Process _process;

    private StorageEmulator(Process process, string connectionString) => (_process, ConnectionString) = (process, connectionString);

    /// <summary>Azurite's published key.</summary>
    public const string Key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    public string ConnectionString { get; }

    /// <summary>Starts it.</summary>
    /// <param name="folder">Folder of its data; null to keep it in memory.</param>
    /// <param name="cancel">Cancels the wait for its first answer.</param>
    public static async Task<StorageEmulator> StartAsync(string? folder, CancellationToken cancel)
    {
        var (blob, queue, table) = (FreePort(), FreePort(), FreePort());
        string[] arguments =
        [
            Distil.Cli.Workspaces.Workspace.Find().RepositoryFile("tools", "azurite", "node_modules", "azurite", "dist", "src", "azurite.js"),
            "--blobPort", $"{blob}", "--queuePort", $"{queue}", "--tablePort", $"{table}",
            .. folder is null ? new[] { "--inMemoryPersistence" } : ["--location", folder], "--skipApiVersionCheck", "--silent", "--disableTelemetry",
        ];
        var process = Process.Start(new ProcessStartInfo("node", arguments) { RedirectStandardOutput = true })!;
        process.OutputDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        string[] parts =
        [
            "DefaultEndpointsProtocol=http", "AccountName=devstoreaccount1", $"AccountKey={Key}",
            $"BlobEndpoint={At(blob)}", $"QueueEndpoint={At(queue)}", $"TableEndpoint={At(table)}", "",
        ];
        var storage = new StorageEmulator(process, string.Join(';', parts));
        await new BlobServiceClient(storage.ConnectionString).GetPropertiesAsync(cancel); // retries until the emulator answers
        return storage;
    }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    public async ValueTask DisposeAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    private static string At(int port) => $"http://127.0.0.1:{port}/devstoreaccount1";
}
