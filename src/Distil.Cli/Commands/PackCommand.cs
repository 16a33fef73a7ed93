using System.CommandLine;
using Distil.Cli.Bundling;

namespace Distil.Cli.Commands;

/// <summary><c>distil pack</c>: Distil for machines without its sources.</summary>
internal static class PackCommand
{
    internal static Command Create(CommandContext context)
    {
        var output = new Option<string>("--output") { Description = "Folder of the packages. Default: .distil/packages." };
        var command = new Command("pack", "Pack the command, the trainer and what they need: an archive that needs nothing else, and a package for `dotnet tool install`.")
        {
            output,
        };
        command.SetAction(async (parsed, cancel) =>
        {
            var folder = Path.GetFullPath(parsed.GetValue(output) ?? Path.Combine(context.Workspace.Home, "packages"));
            var installation = await Installation.CollectAsync(context.Workspace, cancel);
            var tool = await installation.WriteToolAsync(folder, cancel);
            var (archive, withoutNode) = await installation.WriteArchiveAsync(folder, cancel);
            Console.WriteLine($"""
                {Sized(archive)}
                  there: tar -xzf it, then distil/distil demo{(withoutNode is null ? "" : $"   (Node.js 20 or later must be on the path there: {withoutNode})")}
                {Sized(tool)}
                  there: dotnet tool install --global {Installation.PackageId} --source FOLDER, then distil demo   (Node.js 20 or later must be on the path)
                """);
            return ExitCode.Success;
        });
        return command;
    }

    private static string Sized(string file) => $"{file} ({new FileInfo(file).Length / 1e6:0.0} MB)";
}
