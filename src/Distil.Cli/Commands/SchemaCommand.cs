using System.CommandLine;
using Distil.Core.Runs.Schema;

namespace Distil.Cli.Commands;

/// <summary><c>distil schema</c>: writes <c>schemas/run-spec.schema.json</c> anew after the types of the specification have changed.</summary>
internal static class SchemaCommand
{
    internal static Command Create()
    {
        var output = new Option<string>("--output") { Description = "The file to write. Default: schemas/run-spec.schema.json in the repository." };
        var command = new Command("schema", "Write the JSON Schema of run specifications from the types.") { output };
        command.SetAction(async (parsed, cancel) =>
        {
            var path = Path.GetFullPath(parsed.GetValue(output) ?? Path.Combine(Workspace.Find().RepositoryFile("schemas"), "run-spec.schema.json"));
            await File.WriteAllTextAsync(path, RunSpecSchema.Generate(), cancel);
            Console.WriteLine(path);
            return ExitCode.Success;
        });
        return command;
    }
}
