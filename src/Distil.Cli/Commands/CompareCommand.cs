using System.CommandLine;
using Distil.Cli.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil compare</c>: writes a page that compares several runs, or those of a sweep.</summary>
internal static class CompareCommand
{
    internal static Command Create(CommandContext context)
    {
        var ids = new Argument<string[]>("runs") { Description = "Ids of two runs or more, or of a sweep.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string?>("--output") { Description = "The page to write. Default: .distil/comparisons/<first>.html." };
        var json = CommonOptions.Json();
        var command = new Command("compare", "Compare finished runs: table, curves, what differs.") { ids, output, json };
        command.SetAction(async (parsed, cancel) =>
        {
            var workspace = context.Workspace;
            await using var storage = await context.OpenStorageAsync(port: null, cancel);
            var comparison = new RunComparison(workspace, storage.Store, context.Trainer);
            var named = parsed.GetRequiredValue(ids);
            var path = Path.GetFullPath(parsed.GetValue(output) ?? comparison.DefaultOutput(named[0]));
            var runs = await comparison.ResolveAsync(named, cancel);
            await comparison.WriteAsync(runs, path, parsed.GetValue(json), cancel);
            if (parsed.GetValue(json))
            {
                Console.Error.WriteLine(path);
                return ExitCode.Success;
            }

            foreach (var line in ComparisonTable.Of(await comparison.ReadAsync(runs, cancel)))
            {
                Console.WriteLine(line);
            }

            Console.WriteLine($"page: {path}");
            return ExitCode.Success;
        });
        return command;
    }
}
