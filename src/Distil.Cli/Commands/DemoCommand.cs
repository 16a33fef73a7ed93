using System.CommandLine;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Cli.Commands;

/// <summary><c>distil demo</c>: distils the repository's sample teacher on its sample corpus, in minutes.</summary>
internal static class DemoCommand
{
    internal static Command Create(CommandContext context)
    {
        var (json, port) = (CommonOptions.Json(), CommonOptions.StoragePort());
        var device = new Option<ComputeDevice?>("--device") { Description = "cpu (default), cuda (in bfloat16), or auto: cuda if available." };
        var command = new Command("demo", "Distil the sample teacher on the sample corpus, in a few minutes.") { device, json, port };
        command.SetAction((parsed, cancel) =>
        {
            var spec = RunSpecReader.Read(context.Workspace.RepositoryFile("samples", "demo.json"));
            return RunCommand.ExecuteAsync(
                context, parsed.GetValue(device) is { } chosen ? On(spec, chosen) : spec, parsed.GetValue(port), parsed.GetValue(json), cancel);
        });
        return command;
    }

    /// <summary>Returns the run for another device, with the precision of this project's kernels there.</summary>
    internal static RunSpec On(RunSpec spec, ComputeDevice device) => spec with
    {
        Compute = spec.Compute with { Device = device },
        Training = spec.Training with { Precision = device == ComputeDevice.Cpu ? Precision.Fp32 : Precision.Bf16 },
    };
}
