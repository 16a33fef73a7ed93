using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil logs</c>: what happened in a run, job by job.</summary>
internal static class LogsCommand
{
    internal static Command Create(CommandContext context)
    {
        var (runId, json) = (CommonOptions.RunId(), CommonOptions.Json());
        var job = new Option<string?>("--job") { Description = "Only this job, for instance train-001, and its later tries." };
        var command = new Command("logs", "Show what happened in a run: each job's tries, ends and failures with their details.") { runId, job, json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var id = await RunNames.ResolveAsync(storage.Store, parsed.GetRequiredValue(runId), cancel);
            var events = await new RunLog(storage.Store).ReadAsync(id, parsed.GetValue(job), cancel);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(events, DistilJson.Options) : Text(events));
            return ExitCode.Success;
        });
        return command;
    }

    /// <summary>A line for each event, and its details below.</summary>
    internal static string Text(IReadOnlyList<RunEvent> events)
    {
        var width = events.Select(each => each.Job?.Length ?? 0).DefaultIfEmpty(0).Max();
        return events.Count == 0 ? "nothing yet" : string.Join('\n', events.Select(each =>
            $"{each.At.ToLocalTime():yyyy-MM-dd HH:mm:ss}  {(each.Job ?? "").PadRight(width)}  {each.Text}{Details(each.Detail)}"));
    }

    private static string Details(string? detail) =>
        string.IsNullOrEmpty(detail) ? "" : string.Concat(detail.TrimEnd().Split('\n').Select(line => $"\n    {line.TrimEnd()}"));
}
