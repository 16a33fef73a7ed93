using System.CommandLine;
using Distil.Cli.Workspaces;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification.Schema;

namespace Distil.Cli.Commands;

/// <summary><c>distil schema</c>: writes the files in <c>schemas/</c> anew after the types of the specification have changed.</summary>
internal static class SchemaCommand
{
    internal static Command Create()
    {
        var output = new Option<string>("--output") { Description = "The folder to write to. Default: schemas in the repository." };
        var command = new Command("schema", "Write the JSON Schemas of run specifications and sweeps from the types.") { output };
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = Directory.CreateDirectory(parsed.GetValue(output) ?? Workspace.Find().RepositoryFile("schemas")).FullName;
            foreach (var (name, schema) in new[] { ("run-spec.schema.json", RunSpecSchema.Generate()), ("sweep.schema.json", SweepSchema.Generate()) })
            {
                var path = Path.Combine(folder, name);
                await File.WriteAllTextAsync(path, schema, cancel);
                Console.WriteLine(path);
            }

            return ExitCode.Success;
        });
        return command;
    }
}
