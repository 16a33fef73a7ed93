using System.Globalization;
using Distil.Cli.Commands.Doctor;
using Distil.Cli.Hosting;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Specification;

namespace Distil.Cli.Commands;

/// <summary>Compares runs with this machine's memory and disks before they start here.</summary>
internal static class LocalMachine
{
    private const long Mebibyte = 1 << 20;

    /// <summary>Refuses a run that cannot fit into memory, and logs a line if the disks have less space than the plan's estimate.</summary>
    /// <exception cref="InvalidInputException">A run cannot fit into memory.</exception>
    internal static async Task RequireFitAsync(CommandContext context, IReadOnlyList<(RunSpec Spec, RunPlan Plan)> runs)
    {
        var memory = await MemoryAsync(Programs.RunAsync);
        foreach (var (spec, plan) in runs)
        {
            MemoryNeeded.RequireFit(spec, plan, memory);
            if (Disks(context).Find(SpaceNeeded.OfRun(plan)) is { } shortage)
            {
                context.Log.LittleSpace(plan.RunId, shortage.ToString());
            }
        }
    }

    /// <summary>Why a plan does not fit this machine; empty if it does.</summary>
    internal static async Task<IReadOnlyList<string>> FindLimitsAsync(CommandContext context, RunSpec spec, RunPlan plan)
    {
        var lines = new List<string>();
        try
        {
            MemoryNeeded.RequireFit(spec, plan, await MemoryAsync(Programs.RunAsync));
        }
        catch (InvalidInputException tooLarge)
        {
            lines.Add(tooLarge.Message);
        }

        if (Disks(context).Find(SpaceNeeded.OfRun(plan)) is { } shortage)
        {
            lines.Add($"{shortage}, by the plan's estimates");
        }

        return lines;
    }

    /// <summary>The memory of this machine and of its largest card.</summary>
    /// <param name="run">Runs a program.</param>
    internal static async Task<MachineMemory> MemoryAsync(Func<string, string[], Task<string?>> run)
    {
        var cards = await run("nvidia-smi", ["--query-gpu=memory.total", "--format=csv,noheader,nounits"]);
        long[] sizes = [.. (cards ?? "").Split('\n', StringSplitOptions.TrimEntries)
            .Select(line => long.TryParse(line, CultureInfo.InvariantCulture, out var size) ? size * Mebibyte : 0).Where(size => size > 0)];
        return new MachineMemory(Machine.MemoryBytes, sizes.Length == 0 ? null : sizes.Max());
    }

    private static DiskSpace Disks(CommandContext context) => DiskSpace.Of(context.Workspace, context.Settings.Sources.ConnectionString is null);
}
