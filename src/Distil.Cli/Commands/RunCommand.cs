using System.CommandLine;
using System.Text.Json;
using Distil.Cli.Azurite;
using Distil.Cli.Display;
using Distil.Cli.Runs;
using Distil.Core;
using Distil.Core.Runs;

namespace Distil.Cli.Commands;

/// <summary><c>distil run</c>: a whole run on this machine; <c>--plan-only</c> says what it would do.</summary>
internal static class RunCommand
{
    internal static Command Create()
    {
        var spec = new Argument<string>("spec") { Description = "The run's specification, a JSON file." };
        var planOnly = new Option<bool>("--plan-only") { Description = "Print what would be done, and where each number is from; do nothing." };
        var (json, port) = (CommonOptions.Json(), CommonOptions.StoragePort());
        var command = new Command("run", "Distil as a specification says.") { spec, planOnly, json, port };
        command.SetAction((parsed, cancel) => parsed.GetValue(planOnly)
            ? PlanAsync(parsed.GetRequiredValue(spec), parsed.GetValue(json), cancel)
            : ExecuteAsync(parsed.GetRequiredValue(spec), parsed.GetValue(port), parsed.GetValue(json), cancel));
        return command;
    }

    /// <summary>Does a run and says what it came to.</summary>
    internal static async Task<int> ExecuteAsync(string specification, int? port, bool json, CancellationToken stop)
    {
        var spec = RunSpecReader.Read(specification);
        var plan = await new RunPlanner(TimeProvider.System).PlanAsync(spec, stop);
        plan.RequireRunnable();

        var workspace = Workspace.Find();
        await using var storage = await LocalStorage.OpenAsync(workspace, port, stop);
        await Console.Error.WriteLineAsync($"Run {plan.RunId}: {plan.Epochs} epochs of {plan.StepsPerEpoch.Value:N0} steps, {plan.TrainableParameters.Value:N0} parameters to train");
        var result = await new LocalRun(workspace, storage, RunViews.Create()).ExecuteAsync(spec, plan, stop);
        Console.WriteLine(json
            ? JsonSerializer.Serialize(new { result.RunId, result.Report, result.Model, result.Seconds, result.Perplexity }, DistilJson.Options)
            : Text(result));
        return ExitCode.Success;
    }

    private static async Task<int> PlanAsync(string specification, bool json, CancellationToken stop)
    {
        var plan = await new RunPlanner(TimeProvider.System).PlanAsync(RunSpecReader.Read(specification), stop);
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(plan, DistilJson.Options));
            return ExitCode.Success;
        }

        var width = plan.Figures.Max(each => each.Name.Length);
        foreach (var (name, figure) in plan.Figures)
            Console.WriteLine($"{name.PadRight(width)}  {Value(figure),16}  {figure.From}");

        foreach (var unreached in plan.Unreached)
            Console.WriteLine($"not reached, so not runnable now: {unreached.Message}");

        return ExitCode.Success;
    }

    private static string Value(Figure figure) => figure.Unit == "bytes" ? ByteSize.Of(figure.Value) : $"{figure.Value:N0} {figure.Unit}".TrimEnd();

    private static string Text(RunResult result)
    {
        var (student, teacher, without) = result.Perplexity;
        var third = without is null ? "" : $", student without teacher {without:0.00}";
        return $"""
            Done in {TimeSpan.FromSeconds(result.Seconds):m\:ss}. Perplexity on held-out text: student {student:0.00}, teacher {teacher:0.00}{third}.
            model:  {result.Model}
            report: {result.Report}
            """;
    }
}
