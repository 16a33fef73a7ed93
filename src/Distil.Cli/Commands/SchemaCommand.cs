using System.CommandLine;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Settings;
using Distil.Core.Specification.Schema;

namespace Distil.Cli.Commands;

/// <summary><c>distil schema</c>: writes the files in <c>schemas/</c> and <c>docs/configuration.md</c> from the types that they describe.</summary>
internal static class SchemaCommand
{
    internal static Command Create(CommandContext context)
    {
        var output = new Option<string>("--output") { Description = "The folder to write to. Default: schemas and docs in the repository." };
        var command = new Command("schema", "Write the JSON Schemas of run specifications and sweeps, and the page on configuration, from the types.")
        {
            output,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            (string Folder, string Name, string Content)[] files =
            [
                ("schemas", "run-spec.schema.json", RunSpecSchema.Generate()),
                ("schemas", "sweep.schema.json", SweepSchema.Generate()),
                ("docs", SettingsPage.FileName, SettingsPage.Generate()),
            ];
            foreach (var (folder, name, content) in files)
            {
                var path = Path.Combine(Directory.CreateDirectory(parsed.GetValue(output) ?? context.Workspace.RepositoryFile(folder)).FullName, name);
                await File.WriteAllTextAsync(path, content, cancel);
                Console.WriteLine(path);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
