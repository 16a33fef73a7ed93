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

            var deletion = new RunDeletion(storage.Store, TimeProvider.System);
            var items = (await deletion.FindAsync(ids, cancel)).ToList();
            if (!parsed.GetValue(dryRun))
            {
                var deleted = await deletion.DeleteAsync(items, cancel);
                foreach (var kept in items.Except(deleted))
                {
                    context.Log.ItemIsInUse(kept.Name);
                }

                items = [.. deleted];
                ids.ForEach(context.Workspace.DeleteCopies);
            }

            items.ForEach(item => Console.WriteLine($"{ByteSize.Of(item.Bytes),10}  {item.Name}"));
            Console.WriteLine($"{ByteSize.Of(items.Sum(item => item.Bytes)),10}  {(parsed.GetValue(dryRun) ? "would be deleted" : "deleted")}");
            return ExitCode.Success;
        });
        return command;
    }
}
