using System.Net;
using System.Net.Sockets;
using Azure;
using Azure.Core.Pipeline;
using Azure.Storage;
using Azure.Storage.Blobs;
using Distil.Cli.Azurite;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Microsoft.Extensions.Logging.Abstractions;
using static Distil.Cli.Tests.Azurite.JoinedAzurite;

namespace Distil.Cli.Tests.Azurite;

public sealed class AzuriteServerTests
{
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

        Assert.False(await new AzuriteProcess(Environment.ProcessId, second.Port, AzuriteProcess.NewKey()).AnswersAsync(Cancel));
        Assert.False(File.Exists(Path.Combine(temporary.Workspace.Home, "azurite.json")));
    }

    [Fact]
    public async Task A_storage_that_another_container_uses_is_refused_until_it_is_free()
    {
        using var temporary = new TemporaryWorkspace();
        var state = Path.Combine(temporary.Workspace.Home, "azurite.json");
        string elsewhere;
        await using (await JoinAsync(temporary))
        {
            elsewhere = (await File.ReadAllTextAsync(state, Cancel)).Replace(ProcessIdentity.Self.PidNamespace, "pid:[1]", StringComparison.Ordinal);
            await File.WriteAllTextAsync(state, elsewhere, Cancel);
            var error = await Assert.ThrowsAsync<InvalidInputException>(() => JoinAsync(temporary));
            Assert.Contains(temporary.Workspace.Storage, error.Message, StringComparison.Ordinal);
            Assert.Contains("of another container or machine", error.Message, StringComparison.Ordinal);
        }

        await File.WriteAllTextAsync(state, elsewhere, Cancel);
        await using var next = await JoinAsync(temporary);
        Assert.DoesNotContain("pid:[1]", await File.ReadAllTextAsync(state, Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Starts_anew_where_the_recorded_server_is_gone()
    {
        using var temporary = new TemporaryWorkspace();
        var killed = await JoinAsync(temporary);
        await KillAsync(temporary);

        await using var next = await JoinAsync(temporary);
        await (await StoreAsync(next)).WriteTextAsync("a", "b", cancel: Cancel);
        await killed.DisposeAsync();
        Assert.True(await (await StoreAsync(next)).ExistsAsync("a", Cancel));
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

    [Fact]
    public async Task Only_who_knows_its_random_key_may_read_and_no_other_host_name_is_an_account()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        await StoreAsync(server);
        var key = (await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.Key;
        Assert.NotEqual(AzuriteProcess.NewKey(), AzuriteProcess.NewKey());

        var published = server.ConnectionString.Replace(key, "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", StringComparison.Ordinal);
        Assert.NotEqual(server.ConnectionString, published);
        Assert.Equal(403, (await Assert.ThrowsAsync<RequestFailedException>(() => ArtifactStore.OpenAsync(published, cancel: Cancel))).Status);

        // A page of another site whose name resolves to this machine has that name as Host.
        var options = ArtifactStore.ClientOptions();
        options.Retry.MaxRetries = 0;
        options.Transport = new HttpClientTransport(new HttpClient(new SocketsHttpHandler
        {
            ConnectCallback = async (_, stop) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                await socket.ConnectAsync(IPAddress.Loopback, server.Port, stop);
                return new NetworkStream(socket, ownsSocket: true);
            },
        }));
        var rebound = new BlobContainerClient(
            new Uri($"http://distil.evil.example:{server.Port}/distil"), new StorageSharedKeyCredential("distil", key), options);
        await Assert.ThrowsAsync<RequestFailedException>(() => rebound.GetPropertiesAsync(cancellationToken: Cancel));
        Assert.True(OperatingSystem.IsWindows() || File.GetUnixFileMode(Path.Combine(temporary.Workspace.Home, "azurite.json")) == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
    }
}
