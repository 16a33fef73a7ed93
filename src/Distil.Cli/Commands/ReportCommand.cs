using System.CommandLine;
using System.ComponentModel;
using System.Diagnostics;
using Distil.Cli.Runs;
using Microsoft.Extensions.Logging;

namespace Distil.Cli.Commands;

/// <summary><c>distil report</c>: copies a finished run's report to a local file and opens it if there is a desktop.</summary>
internal static class ReportCommand
{
    internal static Command Create(CommandContext context)
    {
        var runId = CommonOptions.RunId();
        var open = new Option<bool>("--open") { Description = "Open it in the browser." };
        var command = new Command("report", "Print the path of a run's report.") { runId, open };
        command.SetAction(async (parsed, cancel) =>
        {
            var workspace = context.Workspace;
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var id = await RunNames.ResolveAsync(storage.Store, parsed.GetRequiredValue(runId), cancel);
            var path = await new LocalCopies(workspace, storage.Store).ReportAsync(id, cancel);
            Console.WriteLine(path);
            return parsed.GetValue(open) ? Open(path, context.Log) : ExitCode.Success;
        });
        return command;
    }

    private static int Open(string path, ILogger log)
    {
        try
        {
            Process.Start(new ProcessStartInfo(path) { UseShellExecute = true })?.Dispose();
            return ExitCode.Success;
        }
        catch (Win32Exception nothing)
        {
            log.CannotOpen(path, nothing.Message);
            return ExitCode.Failed;
        }
    }
}
