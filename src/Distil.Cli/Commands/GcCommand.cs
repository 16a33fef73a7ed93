using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Display;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Runs.Garbage;

namespace Distil.Cli.Commands;

/// <summary><c>distil gc</c>: deletes what no run refers to; <c>--dry-run</c> only lists it.</summary>
internal static class GcCommand
{
    internal static Command Create(CommandContext context)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "List what would be deleted, with sizes; delete nothing." };
        var hours = new Option<double>("--older-than")
        {
            Description = "Do not delete what was written in the last so many hours. Default: 1.",
            DefaultValueFactory = _ => 1,
        };
        hours.Require<double>(value => value is >= 0 and < 1e6, "0 or more hours");
        var checkpoints = new Option<bool>("--checkpoints") { Description = "Also delete the checkpoints of runs that have succeeded, but not their models." };
        var runs = new Option<string[]>("--run") { Description = "Also delete this run, which must have ended, and what only it refers to; may be repeated." };
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
        var items = await new GarbageSearch(storage.Store).FindAsync(options, cancel);
        var copies = await new ArtifactCache(workspace.Cache).FindUnusedAsync(storage.Store, items.SelectMany(item => item.Blobs), cancel);
        var bytes = items.Sum(item => item.Bytes) + copies.Sum(copy => copy.Length);
        if (!json)
        {
            foreach (var item in items)
            {
                Console.WriteLine($"{ByteSize.Of(item.Bytes),10}  {Words(item.Kind),-28}  {item.Name}");
            }

            if (copies.Count > 0)
            {
                Console.WriteLine(
                    $"{ByteSize.Of(copies.Sum(copy => copy.Length)),10}  {"copies on this machine",-28}  {copies.Count} files in {workspace.Cache}");
            }
        }

        if (!dryRun)
        {
            var deleted = await new GarbageDeletion(storage.Store, TimeProvider.System).DeleteAsync(items, cancel);
            foreach (var kept in items.Except(deleted))
            {
                context.Log.ItemIsInUse(kept.Name);
                bytes -= kept.Bytes;
            }

            items = deleted;
            ArtifactCache.Delete(copies);
        }

        Console.WriteLine(json
            ? JsonSerializer.Serialize(
                new { Deleted = !dryRun, Bytes = bytes, Items = items.Select(item => new { item.Kind, item.Name, item.Bytes }), Copies = copies.Count },
                DistilJson.Options)
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
