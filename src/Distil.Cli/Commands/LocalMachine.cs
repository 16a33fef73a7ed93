using System.Globalization;
using Distil.Cli.Commands.Doctor;
using Distil.Cli.Display;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Planning;
using Distil.Core.Sources;
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

    /// <summary>What a run takes of this machine: disk, memory, downloads, and time if it was measured; and why it does not fit, if it does not.</summary>
    internal static async Task<IReadOnlyList<string>> DescribeAsync(CommandContext context, RunSpec spec, RunPlan plan)
    {
        var (memory, space) = (await MemoryAsync(Programs.RunAsync), SpaceNeeded.OfRun(plan));
        var home = context.Workspace.Home;
        var card = memory.CardBytes is { } bytes ? $", {ByteSize.Of(bytes)} of the card" : "";
        var lines = new List<string>
        {
            $"up to {ByteSize.Of(space.Storage + space.Cache)} of disk; {home} has {ByteSize.Of(Machine.FreeBytes(home))} free",
            $"at least {ByteSize.Of(Math.Max(plan.TeacherMemory?.Value ?? 0, plan.TrainingMemory?.Value ?? 0))} of memory; there are {ByteSize.Of(memory.HostBytes)}{card}",
        };
        if (Download(plan) is > 0 and var download)
        {
            lines.Add($"{ByteSize.Of(download)} to download, unless they are in {context.Workspace.Cache} already");
        }

        if (new MeasuredSpeeds(context.Workspace).Estimate(spec, plan) is { } time)
        {
            lines.Add(time);
        }

        try
        {
            MemoryNeeded.RequireFit(spec, plan, memory);
        }
        catch (InvalidInputException tooLarge)
        {
            lines.Add(tooLarge.Message);
        }

        if (Disks(context).Find(space) is { } shortage)
        {
            lines.Add($"{shortage}, by the plan's estimates");
        }

        return lines;
    }

    /// <summary>Bytes of the teacher's files and of the text that are on other machines.</summary>
    internal static long Download(RunPlan plan) =>
        (plan.TeacherLocation?.Files.Where(file => SourceCatalog.IsRemote(file.Path)).Sum(file => file.Bytes) ?? 0)
        + plan.Shards.SelectMany(shard => shard.Ranges.Concat(shard.EvalRanges)).Where(range => SourceCatalog.IsRemote(range.Path)).Sum(range => range.End - range.Start);

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
