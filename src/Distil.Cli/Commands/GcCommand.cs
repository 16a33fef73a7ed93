using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Cli.Workspaces;
using Distil.Core;
using Distil.Core.Runs.Garbage;

namespace Distil.Cli.Commands;

/// <summary><c>distil gc</c>: deletes what no run refers to; <c>--dry-run</c> only lists it.</summary>
internal static class GcCommand
{
    internal static Command Create(CommandContext context)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "List what would be deleted, with sizes; delete nothing." };
        var hours = new Option<double>("--older-than") { Description = "Leave alone what was written in the last so many hours. Default: 1.", DefaultValueFactory = _ => 1 };
        hours.Validators.Add(result =>
        {
            if (double.TryParse(result.Tokens.Count > 0 ? result.Tokens[^1].Value : "1", System.Globalization.CultureInfo.InvariantCulture, out var value) && !(value >= 0 && value < 1e6))
            {
                result.AddError($"--older-than is {value}; expected 0 or more hours");
            }
        });
        var checkpoints = new Option<bool>("--checkpoints") { Description = "Also delete the checkpoints of runs that have succeeded: their models stay." };
        var runs = new Option<string[]>("--run") { Description = "Also delete this run, which has ended, and what it alone refers to; may stand several times." };
        var json = CommonOptions.Json();
        var command = new Command("gc", "Delete datasets, teacher outputs and copies that no run refers to.") { dryRun, hours, checkpoints, runs, json };
        command.SetAction((parsed, cancel) => RunAsync(
            context,
            new GarbageOptions
            {
                UnchangedSince = DateTimeOffset.UtcNow.AddHours(-parsed.GetValue(hours)),
                OldCheckpoints = parsed.GetValue(checkpoints),
                Runs = [.. (parsed.GetValue(runs) ?? []).Distinct()],
            },
            parsed.GetValue(dryRun), parsed.GetValue(json), cancel));
        return command;
    }

    private static async Task<int> RunAsync(CommandContext context, GarbageOptions options, bool dryRun, bool json, CancellationToken cancel)
    {
        var workspace = context.Workspace;
        await using var storage = await context.OpenStorageAsync(port: null, cancel);
        var search = new GarbageSearch(storage.Store);
        var items = await search.FindAsync(options, cancel);
        var copies = await new LocalCache(workspace.Cache).FindUnusedAsync(storage.Store, items.SelectMany(item => item.Blobs), cancel);
        var bytes = items.Sum(item => item.Bytes) + copies.Sum(copy => copy.Bytes);
        if (!json)
        {
            foreach (var item in items)
            {
                Console.WriteLine($"{ByteSize.Of(item.Bytes),10}  {Words(item.Kind),-28}  {item.Name}");
            }

            if (copies.Count > 0)
            {
                Console.WriteLine($"{ByteSize.Of(copies.Sum(copy => copy.Bytes)),10}  {"copies on this machine",-28}  {copies.Count} files in {workspace.Cache}");
            }
        }

        if (!dryRun)
        {
            foreach (var item in items)
            {
                await search.DeleteAsync(item, cancel);
            }

            LocalCache.Delete(copies);
        }

        Console.WriteLine(json
            ? JsonSerializer.Serialize(new { Deleted = !dryRun, Bytes = bytes, Items = items.Select(item => new { item.Kind, item.Name, item.Bytes }), Copies = copies.Count }, DistilJson.Options)
            : bytes == 0 ? "nothing to delete" : $"{ByteSize.Of(bytes)} {(dryRun ? "would be freed; without --dry-run they are" : "freed")}");
        return ExitCode.Success;
    }

    private static string Words(GarbageKind kind) => kind switch
    {
        GarbageKind.Dataset => "dataset of no run",
        GarbageKind.TeacherOutputs => "teacher outputs of no run",
        GarbageKind.TornCheckpoint => "torn checkpoint",
        GarbageKind.OldCheckpoint => "checkpoint of an ended run",
        _ => "run",
    };
}
