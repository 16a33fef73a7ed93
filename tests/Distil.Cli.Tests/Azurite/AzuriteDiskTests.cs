using System.Diagnostics;
using Azure;
using Distil.Cli.Azurite;
using Distil.Core;
using Distil.Core.Artifacts;

namespace Distil.Cli.Tests.Azurite;

/// <summary>The local storage on a disk with little space.</summary>
public sealed class AzuriteDiskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task When_a_disk_is_almost_full_small_documents_are_still_written_and_large_ones_are_refused()
    {
        using var temporary = new TemporaryWorkspace();
        var folder = Directory.CreateDirectory(temporary.Workspace.Home).FullName;
        var almostFull = Path.Combine(folder, "almost-full.cjs");
        await File.WriteAllTextAsync(almostFull, "require('node:fs').statfsSync = () => ({ bavail: 300, bsize: 4096 });", Cancel);
        var (port, key) = (FreePort.Choose(null, null), AzuriteProcess.NewKey());
        string[] arguments =
        [
            "--require", almostFull, temporary.Workspace.RepositoryFile("tools", "azurite", "durable.cjs"), "--blobHost", "127.0.0.1",
            "--blobPort", $"{port}", "--location", folder, "--silent", "--disableTelemetry", "--skipApiVersionCheck",
        ];
        using var node = Process.Start(new ProcessStartInfo("node", arguments) { Environment = { ["AZURITE_ACCOUNTS"] = $"distil:{key}" } })!;
        try
        {
            var azurite = new AzuriteProcess(node.Id, port, key);
            while (!await azurite.AnswersAsync(Cancel))
            {
                Assert.False(node.HasExited);
                await Task.Delay(20, Cancel);
            }

            var store = await ArtifactStore.OpenAsync(azurite.ConnectionString, cancel: Cancel);
            var full = await Assert.ThrowsAsync<RequestFailedException>(() => store.WriteTextAsync("large", new string('x', 400_000), cancel: Cancel));
            Assert.True(DiskFull.Is(full), full.Message);
            await store.WriteTextAsync("small", "waiting", cancel: Cancel);
            Assert.Equal("waiting", await store.TryReadTextAsync("small", Cancel));
        }
        finally
        {
            node.Kill();
            await node.WaitForExitAsync(Cancel);
        }
    }
}
