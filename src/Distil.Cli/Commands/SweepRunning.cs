using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Runs.Planning;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification;

namespace Distil.Cli.Commands;

/// <summary>The part of <c>distil run</c> for sweeps: specifications whose values are lists.</summary>
internal static class SweepRunning
{
    /// <summary>Executes a sweep and prints its result.</summary>
    internal static async Task<int> ExecuteAsync(CommandContext context, Sweep sweep, int atMost, int? port, bool json, CancellationToken stop)
    {
        var planner = context.NewPlanner();
        var runs = await PlanAsync(context, sweep, planner, port, stop);
        foreach (var run in runs)
        {
            run.Plan.RequireRunnable();
        }

        await LocalMachine.RequireFitAsync(context, [.. runs.Select(run => (run.Spec, run.Plan))]);
        await using var storage = await context.OpenStorageAsync(port, stop);
        var sweepId = planner.NewRunId(sweep.Name);
        context.Log.SweepStarts(sweepId, Summary(runs), atMost);
        var result = await SweepsOf(context, storage).ExecuteAsync(sweepId, runs, atMost, stop);
        return await SayAsync(context, storage, result, json, stop);
    }

    /// <summary>Resumes a sweep; returns null if there is none with that id.</summary>
    internal static async Task<int?> TryResumeAsync(CommandContext context, string sweepId, int atMost, LocalStorage storage, bool json, CancellationToken stop) =>
        await SweepsOf(context, storage).TryResumeAsync(sweepId, atMost, stop) is { } result ? await SayAsync(context, storage, result, json, stop) : null;

    /// <summary>Lets the runs of a sweep go on, those that failed or were cancelled too; returns null if there is none with that id.</summary>
    internal static async Task<int?> TryRetryAsync(CommandContext context, string sweepId, int atMost, LocalStorage storage, bool json, CancellationToken stop) =>
        await SweepsOf(context, storage).TryRetryAsync(sweepId, atMost, stop) is { } result ? await SayAsync(context, storage, result, json, stop) : null;

    /// <summary>Prints the plan of a sweep.</summary>
    internal static async Task<int> PlanAsync(CommandContext context, Sweep sweep, int? port, bool json, CancellationToken cancel)
    {
        var runs = await PlanAsync(context, sweep, context.NewPlanner(), port, cancel);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(runs.Select(run => run.Plan), DistilJson.Options));
            return ExitCode.Success;
        }

        foreach (var point in sweep.Points)
        {
            var values = sweep.Axes.Zip(point.Values, (axis, value) => $"{axis.Path} {value.GetRawText()}");
            Console.WriteLine($"{point.Spec.Name,-40}  {string.Join(", ", values)}");
        }

        Console.WriteLine(Summary(runs));
        Console.WriteLine($"steps in all: {runs.Sum(run => run.Plan.Steps.Value):N0}; checkpoints: {ByteSize.Of(runs.Sum(run => run.Plan.CheckpointBytes.Value))}");
        return ExitCode.Success;
    }

    private static LocalSweep SweepsOf(CommandContext context, LocalStorage storage) =>
        new(context.Workspace, storage, context.Trainer, Console.Error, context.Log);

    private static async Task<IReadOnlyList<SweepRun>> PlanAsync(CommandContext context, Sweep sweep, RunPlanner planner, int? port, CancellationToken cancel)
    {
        RunSpec[] specs = [.. sweep.Points.Select(point => point.Spec)];
        var plans = await context.PlanAsync(planner, specs, port, cancel);
        return [.. specs.Zip(plans, (spec, plan) => new SweepRun(spec, plan))];
    }

    private static string Summary(IReadOnlyList<SweepRun> runs)
    {
        var outputs = runs.Where(run => run.Spec.StoresTeacherOutputs).Select(run => run.Plan.TeacherOutputsId).Distinct().Count();
        return $"{runs.Count} runs over {runs.Select(run => run.Plan.DatasetId).Distinct().Count()} datasets and {outputs} sets of teacher outputs";
    }

    private static async Task<int> SayAsync(CommandContext context, LocalStorage storage, SweepResult sweep, bool json, CancellationToken cancel)
    {
        FinishedRun[] done = [.. sweep.Outcomes.Select(outcome => outcome.Result).OfType<FinishedRun>()];
        var comparison = new RunComparison(context.Workspace, storage.Store, context.Trainer);
        var page = done.Length > 1 ? comparison.DefaultOutput(sweep.SweepId) : null;
        if (page is not null)
        {
            await comparison.WriteAsync([.. done.Select(result => result.RunId)], page, json: false, cancel);
        }

        var failed = sweep.Outcomes.Where(outcome => outcome.Result is null).Select(outcome => new { outcome.Run.Plan.RunId, outcome.Failure }).ToArray();
        foreach (var each in failed)
        {
            context.Log.RunFailed(each.RunId, each.Failure!);
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(new { sweep.SweepId, Runs = done, Failed = failed, Comparison = page }, DistilJson.Options));
        }
        else
        {
            foreach (var result in done.OrderBy(result => result.Perplexity.Student))
            {
                Console.WriteLine($"perplexity {result.Perplexity.Student,8:0.000}  {result.RunId}{string.Concat(result.Notes.Select(note => $"\n  less than asked: {note}"))}");
            }

            Console.WriteLine(page is null ? "nothing to compare: fewer than two runs succeeded" : $"comparison: {page}");
        }

        return failed.Length == 0 ? ExitCode.Success : ExitCode.Failed;
    }
}
