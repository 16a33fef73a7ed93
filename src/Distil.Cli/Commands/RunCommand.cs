using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Display;
using Distil.Cli.Hosting;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Errors;
using Distil.Core.Runs;
using Distil.Core.Runs.Reading;
using Distil.Core.Runs.Sweeps;
using Distil.Core.Specification;

namespace Distil.Cli.Commands;

/// <summary><c>distil run</c>: runs a specification on this machine; <c>--plan-only</c> prints the plan, <c>--resume</c> resumes a run.</summary>
internal static class RunCommand
{
    internal static Command Create(CommandContext context)
    {
        var spec = new Argument<string?>("spec") { Description = "The run's specification, a JSON file.", Arity = ArgumentArity.ZeroOrOne };
        var planOnly = new Option<bool>("--plan-only") { Description = "Print what would be done and the source of each number, and do nothing." };
        var resume = new Option<string?>("--resume")
        {
            Description = "Resume an interrupted run or sweep by its id; without an id, every run that has not ended.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var retry = new Option<string?>("--retry")
        {
            Description = "Let a run (or the runs of a sweep) that failed or was cancelled go on from what it has made, by its id.",
        };
        var atMost = new Option<int>("--at-most") { Description = "Maximum number of runs of a sweep at once.", DefaultValueFactory = _ => 1 };
        atMost.Require<int>(runs => runs >= 1, "1 or more");
        var (json, port) = (CommonOptions.Json(), CommonOptions.StoragePort());
        var command = new Command("run", "Distil according to a specification; if its values are lists, run each combination.")
        {
            spec, planOnly, resume, retry, atMost, json, port,
        };
        command.SetAction((parsed, cancel) => (parsed.GetValue(spec), parsed.GetResult(resume), parsed.GetValue(retry)) switch
        {
            (null, not null, null) => ResumeAsync(
                context, parsed.GetValue(resume), parsed.GetValue(atMost), parsed.GetValue(port), parsed.GetValue(json), cancel),
            (null, null, { } id) => RetryAsync(context, id, parsed.GetValue(atMost), parsed.GetValue(port), parsed.GetValue(json), cancel),
            ({ } file, null, null) => StartAsync(
                context, SpecDocument.Read(file), parsed.GetValue(planOnly), parsed.GetValue(atMost), parsed.GetValue(port), parsed.GetValue(json), cancel),
            _ => throw new InvalidInputException("expected a specification, or --resume or --retry and none"),
        });
        return command;
    }

    private static Task<int> StartAsync(CommandContext context, SpecDocument document, bool planOnly, int atMost, int? port, bool json, CancellationToken stop) =>
        (SweepReader.TryParse(document), planOnly) switch
        {
            ({ } sweep, true) => SweepRunning.PlanAsync(context, sweep, port, json, stop),
            ({ } sweep, false) => SweepRunning.ExecuteAsync(context, sweep, atMost, port, json, stop),
            (null, true) => PlanAsync(context, RunSpecReader.Parse(document), port, json, stop),
            (null, false) => ExecuteAsync(context, RunSpecReader.Parse(document), port, json, stop),
        };

    /// <summary>Executes a run and prints its result.</summary>
    internal static async Task<int> ExecuteAsync(CommandContext context, RunSpec spec, int? port, bool json, CancellationToken stop)
    {
        var plan = (await context.PlanAsync(context.NewPlanner(), [spec], port, stop))[0];
        plan.RequireRunnable();
        await LocalMachine.RequireFitAsync(context, [(spec, plan)]);
        foreach (var warning in plan.TeacherReading?.Warnings ?? [])
        {
            Console.Error.WriteLine($"warning: {warning}");
        }

        await using var storage = await context.OpenStorageAsync(port, stop);
        context.Log.RunStarts(plan.RunId, plan.Epochs, plan.StepsPerEpoch.Value, plan.TrainableParameters.Value);
        return Say(await new LocalRun(context.Workspace, storage, context.Trainer, RunViews.Create(), context.Log).ExecuteAsync(spec, plan, stop), json);
    }

    private static async Task<int> ResumeAsync(CommandContext context, string? runId, int atMost, int? port, bool json, CancellationToken stop)
    {
        await using var storage = await context.OpenStorageAsync(port, stop);
        if (runId is not null && await SweepRunning.TryResumeAsync(context, runId, atMost, storage, json, stop) is { } exitCode)
        {
            return exitCode;
        }

        var unfinished = runId is not null ? [await RunNames.ResolveAsync(storage.Store, runId, stop)] : await UnfinishedRuns.ListAsync(new RunFolder(storage.Store), stop);
        if (unfinished.Count == 0)
        {
            context.Log.NothingToResume();
        }

        foreach (var each in unfinished)
        {
            context.Log.RunResumes(each);
            Say(await new LocalRun(context.Workspace, storage, context.Trainer, RunViews.Create(), context.Log).ResumeAsync(each, stop), json);
        }

        return ExitCode.Success;
    }

    private static async Task<int> RetryAsync(CommandContext context, string id, int atMost, int? port, bool json, CancellationToken stop)
    {
        await using var storage = await context.OpenStorageAsync(port, stop);
        if (await SweepRunning.TryRetryAsync(context, id, atMost, storage, json, stop) is { } exitCode)
        {
            return exitCode;
        }

        id = await RunNames.ResolveAsync(storage.Store, id, stop);
        context.Log.RunResumes(id);
        return Say(await new LocalRun(context.Workspace, storage, context.Trainer, RunViews.Create(), context.Log).RetryAsync(id, stop), json);
    }

    private static int Say(FinishedRun result, bool json)
    {
        Console.WriteLine(json
            ? JsonSerializer.Serialize(result, DistilJson.Options)
            : Text(result));
        return ExitCode.Success;
    }

    private static async Task<int> PlanAsync(CommandContext context, RunSpec spec, int? port, bool json, CancellationToken stop)
    {
        var plan = (await context.PlanAsync(context.NewPlanner(), [spec], port, stop))[0];
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(plan, DistilJson.Options));
            return ExitCode.Success;
        }

        var width = plan.Figures.Max(each => each.Name.Length);
        foreach (var (name, figure) in plan.Figures)
        {
            Console.WriteLine($"{name.PadRight(width)}  {Value(figure),16}  {figure.From}");
        }

        foreach (var expert in plan.Experts ?? [])
        {
            Console.WriteLine($"merges: {expert.Share:P1} of {expert.RunId} after epoch {expert.Epoch + 1} (weights {expert.Identity[..12]})");
        }

        foreach (var warning in (plan.TeacherReading?.Warnings ?? []).Concat(plan.Warnings))
        {
            Console.WriteLine($"warning: {warning}");
        }

        foreach (var unreached in plan.Unreached)
        {
            Console.WriteLine($"not reached, so not runnable now: {unreached.Message}");
        }

        foreach (var line in await LocalMachine.DescribeAsync(context, spec, plan))
        {
            Console.WriteLine($"this machine: {line}");
        }

        return ExitCode.Success;
    }

    private static string Value(Figure figure) => figure.Unit == "bytes" ? ByteSize.Of(figure.Value) : $"{figure.Value:N0} {figure.Unit}".TrimEnd();

    private static string Text(FinishedRun result)
    {
        var (student, teacher, without) = result.Perplexity;
        var third = without is null ? "" : $", student without teacher {without:0.00}";
        return $"""
            Done in {TimeSpan.FromSeconds(result.Seconds):m\:ss}. Perplexity on held-out text: student {student:0.00}, teacher {teacher:0.00}{third}.
            model:  {result.Model}{(result.Exports is null ? "" : $"\nexports: {result.Exports}")}
            report: {result.Report}
            next:   distil generate --run {result.RunId} --prompt "…"   # try the student
                    distil report {result.RunId} --open
            """ + string.Concat(result.Notes.Select(note => $"\nless than asked: {note}"));
    }
}
