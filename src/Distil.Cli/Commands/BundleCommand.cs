using System.CommandLine;
using System.Runtime.InteropServices;
using Distil.Cli.Bundling;

namespace Distil.Cli.Commands;

/// <summary><c>distil bundle</c>: the trainer for a GPU host, in one archive.</summary>
internal static class BundleCommand
{
    internal static Command Create(CommandContext context)
    {
        var output = new Option<string>("--output") { Description = "The archive (.tar.xz). Default: .distil/distil-trainer-<platform>.tar.xz." };
        var bench = new Option<bool>("--bench")
        {
            Description = "Include the GPU benchmarks: distil-trainer/bench/run.sh measures, also PyTorch if python3 has it.",
        };
        var command = new Command("bundle", "Pack the trainer and the .NET runtime into one archive that runs on a host with any libtorch.") { output, bench };
        command.SetAction(async (parsed, cancel) =>
        {
            var workspace = context.Workspace;
            var archive = Path.GetFullPath(
                parsed.GetValue(output) ?? Path.Combine(workspace.Home, $"distil-trainer-{RuntimeInformation.RuntimeIdentifier}.tar.xz"));
            await TrainerBundle.CreateAsync(workspace, archive, parsed.GetValue(bench), cancel);
            Console.WriteLine($"{archive} ({new FileInfo(archive).Length / 1e6:0.0} MB)");
            Console.WriteLine("There: tar -xJf it, then distil-trainer/distil-trainer --help");
            return ExitCode.Success;
        });
        return command;
    }
}
