using System.Diagnostics;
using Distil.Cli.Azurite;
using Microsoft.Extensions.Logging.Abstractions;

namespace Distil.EndToEnd.Tests;

/// <summary>The distil command as a user runs it: another process, with its own home, which is deleted in the end.</summary>
internal sealed class DistilCommand : IDisposable
{
    public DistilCommand() => Workspace = Distil.Cli.Workspaces.Workspace.Find(Directory.CreateTempSubdirectory("distil-e2e-").FullName);

    public Distil.Cli.Workspaces.Workspace Workspace { get; }

    /// <value>Environment variables that it gets in addition to this process's.</value>
    /// <remarks>
    /// These processes live for seconds, and several tests run at a time: threads that wait for each other spin away another test's time, and code that is
    /// compiled at once with all optimisations, or profiled first, or compiled again, costs more than it ever saves.
    /// </remarks>
    public Dictionary<string, string> Environment { get; } = new()
    {
        ["OMP_NUM_THREADS"] = "1",
        ["DOTNET_TieredPGO"] = "0",
        ["DOTNET_TC_QuickJitForLoops"] = "1",
        ["DOTNET_TC_CallCounting"] = "0",
    };

    /// <summary>Keeps the storage server running between the test's commands: each would start it and stop it again.</summary>
    public Task<LocalStorage> KeepStorageAsync() =>
        LocalStorage.OpenAsync(Workspace, port: null, connectionString: null, NullLogger.Instance, TestContext.Current.CancellationToken);

    /// <summary>Starts it. The caller waits for its end.</summary>
    public Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Distil.Cli.dll"), .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = Workspace.Home,
            Environment = { ["DISTIL_HOME"] = Workspace.Home },
        };
        foreach (var (name, value) in Environment)
        {
            start.Environment[name] = value;
        }

        return Process.Start(start)!;
    }

    /// <summary>Runs it to its end.</summary>
    public async Task<CommandResult> RunAsync(params string[] arguments)
    {
        using var process = Start(arguments);
        return await EndAsync(process);
    }

    /// <summary>Waits for its end.</summary>
    public static async Task<CommandResult> EndAsync(Process process)
    {
        var output = process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        var error = process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
        return new CommandResult(process.ExitCode, await output, await error);
    }

    public void Dispose() => Directory.Delete(Workspace.Home, recursive: true);
}

/// <summary>How a command ended.</summary>
internal sealed record CommandResult(int ExitCode, string Output, string Error)
{
    public string LastLine => Output.TrimEnd().Split('\n')[^1];

    /// <summary>Asserts that it ended well.</summary>
    public CommandResult Succeeded()
    {
        Assert.True(ExitCode == 0, $"exit code {ExitCode}\n{Output}\n{Error}");
        return this;
    }

    /// <summary>Asserts that it ended with exit code 2 and one line of error that holds each of the words.</summary>
    public void IsBadInput(params string[] words)
    {
        Assert.True(ExitCode == 2, $"exit code {ExitCode}\n{Output}\n{Error}");
        var line = Assert.Single(Error.Split('\n'), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.All(words, word => Assert.Contains(word, line, StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", Error, StringComparison.Ordinal);
    }
}
