using System.CommandLine;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Core.Runs.Garbage;

namespace Distil.Cli.Commands;

/// <summary><c>distil delete</c>: deletes runs that have ended and what only they refer to, and nothing else.</summary>
internal static class DeleteCommand
{
    internal static Command Create(CommandContext context)
    {
        var runs = new Argument<string[]>("runs") { Description = "Ids of runs that have ended.", Arity = ArgumentArity.OneOrMore };
        var dryRun = new Option<bool>("--dry-run") { Description = "List what would be deleted, with sizes; delete nothing." };
        var command = new Command("delete", "Delete runs that have ended, with the datasets and teacher outputs that only they refer to.") { runs, dryRun };
        command.SetAction(async (parsed, cancel) =>
        {
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var ids = new List<string>();
            foreach (var name in parsed.GetRequiredValue(runs))
            {
                ids.Add(await RunNames.ResolveAsync(storage.Store, name, cancel));
            }

            var search = new GarbageSearch(storage.Store);
            var options = new GarbageOptions { UnchangedSince = DateTimeOffset.MaxValue, Runs = [.. ids.Distinct()] };
            var others = (await search.FindAsync(options with { Runs = [] }, cancel)).Select(item => item.Name).ToHashSet();
            var items = (await search.FindAsync(options, cancel)).Where(item => !others.Contains(item.Name)).ToList();
            if (!parsed.GetValue(dryRun))
            {
                var deleted = await new GarbageDeletion(storage.Store, TimeProvider.System).DeleteAsync(items, cancel);
                foreach (var kept in items.Except(deleted))
                {
                    context.Log.ItemIsInUse(kept.Name);
                }

                items = [.. deleted];
                foreach (var copies in ids.Select(context.Workspace.Run).Where(Directory.Exists))
                {
                    Directory.Delete(copies, recursive: true);
                }
            }

            items.ForEach(item => Console.WriteLine($"{ByteSize.Of(item.Bytes),10}  {item.Name}"));
            Console.WriteLine($"{ByteSize.Of(items.Sum(item => item.Bytes)),10}  {(parsed.GetValue(dryRun) ? "would be deleted" : "deleted")}");
            return ExitCode.Success;
        });
        return command;
    }
}
