using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Distil.Cli.Azurite;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Http;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.Cli.Tests.Azurite;

public sealed class AzuriteStartTests
{
    private static readonly TimeSpan Moment = TimeSpan.FromMilliseconds(200), Forever = TimeSpan.FromHours(1);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Node_that_says_nothing_is_ended_with_its_children_and_named()
    {
        using var node = Start("sleep 1000 & wait");
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => AzuriteProcess.LaunchAsync(node, Moment, Cancel));
        Assert.StartsWith("node did not start the local storage: it said nothing for", error.Message, StringComparison.Ordinal);
        Assert.True(node.HasExited);
    }

    [Fact]
    public async Task Node_that_fails_is_named_with_its_exit_code()
    {
        using var node = Start("exit 3");
        var error = await Assert.ThrowsAsync<InvalidInputException>(() => AzuriteProcess.LaunchAsync(node, Forever, Cancel));
        Assert.StartsWith("node did not start the local storage: it ended with 3; expected Node.js 20 or later", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_start_that_is_cancelled_leaves_no_process()
    {
        using var node = Start("sleep 1000");
        using var cancelled = new CancellationTokenSource(Moment);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => AzuriteProcess.LaunchAsync(node, Forever, cancelled.Token));
        Assert.True(node.HasExited);
    }

    [Fact]
    public async Task A_storage_that_is_suspended_is_named_with_what_to_do()
    {
        using var silent = new TcpListener(IPAddress.Loopback, 0);
        silent.Start(); // the system accepts the connection, and nobody answers
        var process = new AzuriteProcess(Environment.ProcessId, ((IPEndPoint)silent.LocalEndpoint).Port, AzuriteProcess.NewKey());
        var error = await Assert.ThrowsAsync<RemoteException>(() => process.AnswersAsync(Moment, Cancel));
        Assert.Contains($"kill -CONT {Environment.ProcessId}", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_is_too_full_for_a_start_is_named_and_else_what_the_storage_said()
    {
        var process = new AzuriteProcess(Environment.ProcessId, 10000, AzuriteProcess.NewKey());
        Assert.StartsWith(
            "the local storage cannot start: the disk of /home has 4,096 bytes free; make room", process.NotStarted("", "/home", _ => 4096).Message, StringComparison.Ordinal);
        Assert.Equal("the local storage did not start on port 10000; Azurite said: no", process.NotStarted(" no\n", "/home", _ => 1 << 30).Message);
    }

    [Fact]
    public async Task A_process_that_ends_at_once_leaves_no_server_unless_another_uses_it()
    {
        using var temporary = new TemporaryWorkspace();
        await using var first = await JoinAsync(temporary);
        await using var second = await JoinAsync(temporary);
        using var server = Process.GetProcessById((await new AzuriteFiles(temporary.Workspace).ReadAsync(Cancel))!.ProcessId);
        first.Abandon();
        Assert.True(ProcessTable.IsAlive(server.Id));

        second.Abandon();
        while (ProcessTable.IsAlive(server.Id))
        {
            await Task.Delay(50, Cancel);
        }
    }

    [Fact]
    public async Task A_home_that_is_a_file_is_named_with_the_setting_that_changes_it()
    {
        using var temporary = new TemporaryWorkspace();
        var file = Path.Combine(temporary.Workspace.Home, "file");
        await File.WriteAllTextAsync(file, "", Cancel);
        var error = Assert.Throws<InvalidInputException>(() => Workspaces.Workspace.Find(file).CreateHome());
        Assert.StartsWith($"{file} is to be the folder of distil's files, but it is not a folder", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("DISTIL_HOME names another", error.Message, StringComparison.Ordinal);
    }

    private static Task<AzuriteServer> JoinAsync(TemporaryWorkspace temporary) =>
        AzuriteServer.JoinAsync(temporary.Workspace, port: null, NullLogger.Instance, Cancel);

    private static Process Start(string script) =>
        Process.Start(new ProcessStartInfo("/bin/sh", ["-c", script]) { RedirectStandardOutput = true })!;
}
