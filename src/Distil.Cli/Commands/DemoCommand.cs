using System.CommandLine;

namespace Distil.Cli.Commands;

/// <summary><c>distil demo</c>: the repository's sample teacher distilled on its sample corpus, in minutes.</summary>
internal static class DemoCommand
{
    internal static Command Create()
    {
        var (json, port) = (CommonOptions.Json(), CommonOptions.StoragePort());
        var command = new Command("demo", "Distil the sample teacher on the sample corpus, in a few minutes.") { json, port };
        command.SetAction((parsed, cancel) =>
            RunCommand.ExecuteAsync(Workspace.Find().RepositoryFile("samples", "demo.json"), parsed.GetValue(port), parsed.GetValue(json), cancel));
        return command;
    }
}
