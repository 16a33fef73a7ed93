using System.Diagnostics;
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
            await KillAsync(temporary);

            for (var i = 0; i < 8; i++)
            {
                Assert.Equal($"{round}/{i}", await store.TryReadTextAsync($"{round}/{i}", Cancel));
            }
        }

        Assert.Equal("abcd"u8.ToArray(), await store.OpenLog("log").ReadAsync(Cancel));
    }

    [Fact]
    public async Task A_small_write_stays_small_however_many_blobs_there_are_and_outlives_a_kill()
    {
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        await Parallel.ForAsync(0, 400, Cancel, async (i, stop) => await store.WriteTextAsync($"many/{i:d3}", "x", cancel: stop));
        await store.DeleteAsync("many/007", Cancel);

        // The journal may just have become as long as the index, which is then written; twice in a row it cannot.
        var writes = new List<(bool IsIndexWritten, long Bytes)>();
        for (var i = 0; i < 2; i++)
        {
            var (index, bytes) = (File.GetLastWriteTimeUtc(Index(temporary)), Length(Journal(temporary)));
            await store.WriteTextAsync($"one/{i}", "kept", cancel: Cancel);
            writes.Add((File.GetLastWriteTimeUtc(Index(temporary)) != index, Length(Journal(temporary)) - bytes));
        }

        Assert.Contains(writes, write => !write.IsIndexWritten && write.Bytes is > 0 and < 4_000);
        Assert.InRange(new FileInfo(Index(temporary)).Length, 100_000, long.MaxValue);
        await KillAsync(temporary);
        Assert.Equal("kept", await store.TryReadTextAsync("one/1", Cancel));
        var many = new List<string>();
        await foreach (var blob in store.ListAsync("many/", Cancel))
        {
            many.Add(blob.Name);
        }

        Assert.Equal(Enumerable.Range(0, 400).Where(i => i != 7).Select(i => $"many/{i:d3}"), many.Order(StringComparer.Ordinal));
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

    [Fact]
    public async Task A_full_disk_is_said_to_be_one_and_nothing_is_lost_when_there_is_room_again()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "it needs /dev/full");
        using var temporary = new TemporaryWorkspace();
        await using var server = await JoinAsync(temporary);
        var store = await StoreAsync(server);
        await store.WriteTextAsync("before", "kept", cancel: Cancel);
        var journal = Journal(temporary);
        File.Move(journal, $"{journal}.aside");
        File.CreateSymbolicLink(journal, "/dev/full");

        var full = await Assert.ThrowsAsync<RequestFailedException>(() => store.WriteTextAsync("a", "b", cancel: Cancel));
        Assert.Equal((507, "InsufficientStorage"), (full.Status, full.ErrorCode));

        File.Move($"{journal}.aside", journal, overwrite: true);
        await store.WriteTextAsync("c", "d", cancel: Cancel);
        await KillAsync(temporary);
        Assert.Equal("kept", await store.TryReadTextAsync("before", Cancel));
        Assert.Equal("d", await store.TryReadTextAsync("c", Cancel));
    }

    private static string Index(TemporaryWorkspace temporary) => Path.Combine(temporary.Workspace.Storage, "__azurite_db_blob__.json");

    private static string Journal(TemporaryWorkspace temporary) => $"{Index(temporary)}.log";

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static async Task KillAsync(TemporaryWorkspace temporary) =>
        Process.GetProcessById((await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.ProcessId).Kill();

    private static Task<AzuriteServer> JoinAsync(TemporaryWorkspace temporary) =>
        AzuriteServer.JoinAsync(temporary.Workspace, port: null, NullLogger.Instance, Cancel);

    private static Task<ArtifactStore> StoreAsync(AzuriteServer server) =>
        ArtifactStore.OpenAsync(server.ConnectionString, cancel: Cancel);
}
