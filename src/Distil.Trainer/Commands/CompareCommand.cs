using System.CommandLine;
using System.Text.Json;
using Distil.Core;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Errors;
using Distil.Trainer.Reports.Comparison;

namespace Distil.Trainer.Commands;

/// <summary><c>compare</c>: writes a page that compares the reports of several runs.</summary>
internal static class CompareCommand
{
    internal static Command Create()
    {
        var reports = new Argument<string[]>("reports") { Description = "report.json of each run, two or more.", Arity = ArgumentArity.OneOrMore };
        var output = new Option<string>("--output") { Required = true, Description = "The page to write." };
        var json = new Option<bool>("--json") { Description = "Print the comparison as one JSON array." };
        var command = new Command("compare", "Compare the reports of several runs.") { reports, output, json };
        command.SetAction(parsed =>
        {
            RunReport[] runs = [.. parsed.GetRequiredValue(reports).Select(Read)];
            if (runs.Length < 2)
            {
                throw new InvalidInputException($"{runs[0].RunId} is one run; a comparison needs two or more");
            }

            AtomicFile.WriteText(parsed.GetRequiredValue(output), ComparisonHtml.Render(runs));
            if (parsed.GetValue(json))
            {
                parsed.InvocationConfiguration.Output.WriteLine(JsonSerializer.Serialize(ComparedRun.Of(runs), DistilJson.Options));
            }

            return 0;
        });
        return command;
    }

    private static RunReport Read(string path)
    {
        try
        {
            return DocumentVersion.Read<RunReport>(path, File.ReadAllBytes(path)) ?? throw new JsonException("it is null");
        }
        catch (Exception wrong) when (wrong is JsonException or IOException)
        {
            throw new InvalidInputException($"{path}: is not the report of a run: {wrong.Message}", wrong);
        }
    }
}
