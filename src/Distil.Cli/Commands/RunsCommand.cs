using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Display;
using Distil.Core;
using Distil.Core.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil runs</c>: lists all runs, newest first.</summary>
internal static class RunsCommand
{
    internal static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var command = new Command("runs", "List the runs, newest first.") { json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var runs = await new RunFolder(storage.Store).ListAsync(cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(runs, DistilJson.Options));
                return ExitCode.Success;
            }

            foreach (var run in runs)
            {
                Console.WriteLine(
                    $"{run.RunId}  {run.State.ToString().ToLowerInvariant(),-9}  {StageNames.Of(run),-18}  {run.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm}");
            }

            if (runs.Count == 0)
            {
                Console.WriteLine("no runs yet; ./distil demo makes one");
            }

            return ExitCode.Success;
        });
        return command;
    }
}
