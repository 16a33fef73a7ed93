using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Errors;
using Distil.Core.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil status</c>: shows a run's status; <c>--follow</c> follows it to its end.</summary>
internal static class StatusCommand
{
    private const int MaxDetail = 20;
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);

    internal static Command Create(CommandContext context)
    {
        var (runId, json) = (CommonOptions.RunId(), CommonOptions.Json());
        var follow = new Option<bool>("--follow") { Description = "Follow it until it ends." };
        var command = new Command("status", "Show a run's status.") { runId, follow, json };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var id = await RunNames.ResolveAsync(storage.Store, parsed.GetRequiredValue(runId), cancel);
            if (parsed.GetValue(follow))
            {
                await ReadAsync(storage.Store, id, cancel);
                await RunViews.Create().ShowAsync(
                    async () => await StatusAndProgress.ReadAsync(storage.Store, await ReadAsync(storage.Store, id, cancel), cancel),
                    EndAsync(storage.Store, id, cancel));
            }

            var status = await ReadAsync(storage.Store, id, cancel);
            Console.WriteLine(parsed.GetValue(json)
                ? JsonSerializer.Serialize(status, DistilJson.Options)
                : Text(await StatusAndProgress.ReadAsync(storage.Store, status, cancel), storage.Store.UriOf(ArtifactLayout.Run(id))));
            return status.State == RunState.Failed ? ExitCode.Failed : ExitCode.Success;
        });
        return command;
    }

    /// <summary>The run's status.</summary>
    /// <exception cref="InvalidInputException">There is no such run.</exception>
    internal static async Task<RunStatus> ReadAsync(ArtifactStore store, string runId, CancellationToken cancel) =>
        await new RunFolder(store).FindStatusAsync(runId, cancel)
            ?? throw new InvalidInputException($"{runId} is not a run; `distil runs` lists those that are");

    private static async Task EndAsync(ArtifactStore store, string runId, CancellationToken cancel)
    {
        while (await ReadAsync(store, runId, cancel) is { HasEnded: false, State: not RunState.Interrupted })
        {
            await Task.Delay(Look, cancel);
        }
    }

    private static string Text(StatusAndProgress snapshot, Uri artifacts)
    {
        var status = snapshot.Status;
        var lines = new List<string>
        {
            $"{status.RunId}: {status.State.ToString().ToLowerInvariant()}, {StageNames.Of(status)} {status.StageDone}/{status.StageTotal}",
            $"began {status.StartedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}, changed {status.UpdatedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}",
        };
        if (snapshot.Describe(DateTimeOffset.UtcNow) is { Length: > 0 } details)
        {
            lines.Add(details);
        }

        if (status.State == RunState.Interrupted)
        {
            lines.Add($"no process drives it; `distil run --resume {status.RunId}` goes on from its last checkpoint");
        }

        if (snapshot.StageEnd(DateTimeOffset.UtcNow) is { } end && status.State == RunState.Running)
        {
            lines.Add($"this stage may end at {end.ToLocalTime():yyyy-MM-dd HH:mm:ss}");
        }

        lines.AddRange(snapshot.Operations);
        lines.Add($"tried again so far: {status.Retries}");
        if (status.LastFailure is { } failure)
        {
            lines.Add($"latest failure ({failure.Class.ToString().ToLowerInvariant()}): {failure.Message}");
            if (failure.Detail is { Length: > 0 } detail)
            {
                lines.Add(string.Join('\n', detail.Split('\n').Take(MaxDetail).Select(line => $"  {line}")));
            }
        }

        lines.AddRange(status.Notes.Select(note => $"less than asked: {note}"));
        lines.AddRange(status.Earlier.Select(end =>
            $"before, it {end.State.ToString().ToLowerInvariant()} at {end.EndedAt.ToLocalTime():yyyy-MM-dd HH:mm:ss}{(end.Failure is { } why ? $": {why.Message}" : "")}"));
        if (status.State is RunState.Failed or RunState.Cancelled)
        {
            lines.Add($"`distil run --retry {status.RunId}` goes on from what it has made");
        }

        lines.Add($"artifacts: {artifacts}");
        return string.Join('\n', lines);
    }
}
