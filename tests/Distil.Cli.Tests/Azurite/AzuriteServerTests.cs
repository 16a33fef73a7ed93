using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Distil.Cli.Azurite;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Azurite;

public sealed class AzuriteServerTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Keeps_blobs_from_one_start_to_the_next()
    {
        using var temporary = new TemporaryWorkspace();
        await using (var first = await JoinAsync(temporary))
        {
            await (await StoreAsync(first)).WriteTextAsync("a/b.txt", "kept", cancel: Cancel);
        }

        await using var second = await JoinAsync(temporary);
        Assert.Equal("kept", await (await StoreAsync(second)).TryReadTextAsync("a/b.txt", Cancel));
    }

    [Fact]
    public async Task Is_shared_and_stays_until_its_last_user_leaves()
    {
        using var temporary = new TemporaryWorkspace();
        var first = await JoinAsync(temporary);
        var second = await JoinAsync(temporary);
        Assert.Equal(first.Port, second.Port);

        await first.DisposeAsync();
        await (await StoreAsync(second)).WriteTextAsync("still", "there", cancel: Cancel);
        await second.DisposeAsync();

        Assert.False(await new AzuriteProcess(Environment.ProcessId, second.Port).AnswersAsync(Cancel));
        Assert.False(File.Exists(Path.Combine(temporary.Workspace.Home, "azurite.json")));
    }

    [Fact]
    public async Task Starts_anew_where_the_recorded_server_is_gone()
    {
        using var temporary = new TemporaryWorkspace();
        var killed = await JoinAsync(temporary);
        Process.GetProcessById((await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();

        await using var next = await JoinAsync(temporary);
        await (await StoreAsync(next)).WriteTextAsync("a", "b", cancel: Cancel);
        await killed.DisposeAsync();
        Assert.True(await (await StoreAsync(next)).ExistsAsync("a", Cancel));
    }

    [Fact]
    public async Task Killed_it_is_started_again_and_has_lost_nothing_that_it_answered()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        var log = store.OpenLog("log");
        await log.ReadAsync(Cancel);
        for (var round = 0; round < 4; round++)
        {
            await Task.WhenAll(Enumerable.Range(0, 8).Select(i => store.WriteTextAsync($"{round}/{i}", $"{round}/{i}", cancel: Cancel)));
            await log.AppendAsync(new[] { (byte)('a' + round) }, Cancel);
            Process.GetProcessById((await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();

            for (var i = 0; i < 8; i++)
            {
                Assert.Equal($"{round}/{i}", await store.TryReadTextAsync($"{round}/{i}", Cancel));
            }
        }

        Assert.Equal("abcd"u8.ToArray(), await store.OpenLog("log").ReadAsync(Cancel));
    }

    [Fact]
    public async Task Names_a_port_that_is_in_use()
    {
        using var temporary = new TemporaryWorkspace();
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var port = ((IPEndPoint)listener.LocalEndpoint).Port;

        var error = await Assert.ThrowsAsync<InvalidInputException>(() => AzuriteServer.JoinAsync(temporary.Workspace, port, NullLogger.Instance, Cancel));
        Assert.StartsWith($"port {port} of 127.0.0.1 is in use", error.Message);
    }

    private static Task<AzuriteServer> JoinAsync(TemporaryWorkspace temporary) =>
        AzuriteServer.JoinAsync(temporary.Workspace, port: null, NullLogger.Instance, Cancel);

    private static Task<ArtifactStore> StoreAsync(AzuriteServer server) =>
        ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
}
