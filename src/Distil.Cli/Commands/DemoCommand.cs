using System.CommandLine;
using Distil.Core.Runs.Reading;
using Distil.Core.Specification;

namespace Distil.Cli.Commands;

/// <summary><c>distil demo</c>: distils the repository's sample teacher on its sample corpus, in minutes, into a student of each kind.</summary>
internal static class DemoCommand
{
    /// <summary>The sample of each kind of student; the later ones find what the first has prepared.</summary>
    internal static readonly IReadOnlyList<string> Samples = ["demo.json", "demo-linearised.json"];

    internal static Command Create(CommandContext context)
    {
        var (json, port) = (CommonOptions.Json(), CommonOptions.StoragePort());
        var device = new Option<ComputeDevice?>("--device") { Description = "cpu (default), cuda (in bfloat16), or auto: cuda if available." };
        var command = new Command("demo", "Distil the sample teacher on the sample corpus into a student of each kind, in a few minutes.") { device, json, port };
        command.SetAction(async (parsed, cancel) =>
        {
            foreach (var sample in Samples)
            {
                var spec = RunSpecReader.Read(context.Workspace.RepositoryFile("samples", sample));
                var code = await RunCommand.ExecuteAsync(
                    context, parsed.GetValue(device) is { } chosen ? On(spec, chosen) : spec, parsed.GetValue(port), parsed.GetValue(json), cancel);
                if (code != ExitCode.Success)
                {
                    return code;
                }
            }

            return ExitCode.Success;
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
