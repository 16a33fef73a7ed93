using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil runs</c>: lists runs, newest first, with their results.</summary>
internal static class RunsCommand
{
    private const int DefaultLimit = 50;

    internal static Command Create(CommandContext context)
    {
        var json = CommonOptions.Json();
        var state = new Option<RunState?>("--state") { Description = "Only runs in this state, for instance failed or interrupted." };
        var name = new Option<string?>("--name") { Description = "Only runs whose id contains this." };
        var limit = new Option<int>("--limit") { Description = $"Maximum number of runs. Default: {DefaultLimit}.", DefaultValueFactory = _ => DefaultLimit };
        limit.Require<int>(runs => runs >= 1, "1 or more");
        var command = new Command("runs", "List the runs, newest first.") { state, name, limit, json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var folder = new RunFolder(storage.Store);
            var ids = (await folder.ListIdsAsync(cancel)).Where(id => parsed.GetValue(name) is not { } part || id.Contains(part, StringComparison.Ordinal));
            var (runs, more) = await FindAsync(folder, [.. ids], parsed.GetValue(state), parsed.GetValue(limit), cancel);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(runs, DistilJson.Options));
                return ExitCode.Success;
            }

            foreach (var run in runs)
            {
                Console.WriteLine(
                    $"{run.RunId}  {run.State.ToString().ToLowerInvariant(),-11}  {StageNames.Of(run),-18}  {run.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm}"
                    + await ResultAsync(storage.Store, run, cancel));
            }

            if (runs.Count == 0)
            {
                Console.WriteLine(parsed.GetValue(state) is null && parsed.GetValue(name) is null ? "no runs yet; ./distil demo makes one" : "no such run");
            }

            if (more)
            {
                Console.WriteLine($"there are more; --limit {2 * parsed.GetValue(limit)} shows more of them");
            }

            return ExitCode.Success;
        });
        return command;
    }

    // Pages: a run's status is read only if it may be shown.
    private static async Task<(IReadOnlyList<RunStatus> Runs, bool More)> FindAsync(
        RunFolder folder, IReadOnlyList<string> ids, RunState? state, int limit, CancellationToken cancel)
    {
        var found = new List<RunStatus>();
        foreach (var page in ids.Chunk(DefaultLimit))
        {
            found.AddRange((await folder.FindStatusesAsync(page, cancel)).Where(run => state is null || run.State == state));
            if (found.Count > limit || (found.Count == limit && page[^1] != ids[^1]))
            {
                return ([.. found.Take(limit)], true);
            }
        }

        return (found, false);
    }

    private static async Task<string> ResultAsync(ArtifactStore store, RunStatus run, CancellationToken cancel) =>
        run.State == RunState.Succeeded && await store.TryReadJsonAsync<RunReport>(ArtifactLayout.ReportData(run.RunId), cancel) is { } report
        && Perplexities.Of(report) is var perplexity
            ? $"  perplexity {perplexity.Student:0.00} (teacher {perplexity.Teacher:0.00})"
            : "";
}
