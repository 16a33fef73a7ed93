using System.Text.Json;
using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Errors;

namespace Distil.Cli.Runs;

/// <summary>What a finished run came to, and where its user finds it on this machine.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Report">Path of the report.</param>
/// <param name="Model">Path of the model's folder.</param>
/// <param name="Seconds">From the first job to the report.</param>
/// <param name="Perplexity">On the held-out rows, after the last epoch.</param>
internal sealed record RunResult(string RunId, string Report, string Model, double Seconds, PerplexityTriple Perplexity)
{
    /// <summary>Copies a finished run's report and model into the workspace and reads its numbers.</summary>
    internal static async Task<RunResult> CollectAsync(Workspace workspace, ArtifactStore store, string runId, double seconds, CancellationToken cancel)
    {
        var numbers = await store.TryReadTextAsync(ArtifactLayout.ReportData(runId), cancel)
            ?? throw new InvalidInputException($"{ArtifactLayout.ReportData(runId)} does not exist: {runId} has no report; `distil status {runId}` says where it stands");
        using var report = JsonDocument.Parse(numbers);
        var copies = new LocalCopies(workspace, store);
        return new RunResult(
            runId,
            await copies.ReportAsync(runId, cancel),
            await copies.ModelAsync(runId, cancel),
            Math.Round(seconds, 1),
            PerplexityTriple.Of(report.RootElement));
    }
}

/// <summary>Perplexities side by side.</summary>
/// <param name="Student">The distilled student's.</param>
/// <param name="Teacher">The teacher's.</param>
/// <param name="StudentWithoutTeacher">That of the same student trained without the teacher; null where the run had none.</param>
internal sealed record PerplexityTriple(double Student, double Teacher, double? StudentWithoutTeacher)
{
    /// <summary>Of the last epoch in a run's <c>report.json</c>.</summary>
    internal static PerplexityTriple Of(JsonElement report)
    {
        var last = report.GetProperty("epochs").EnumerateArray().Last();
        var distilled = last.GetProperty("distilled");
        return new PerplexityTriple(
            Perplexity(distilled, "student"),
            Perplexity(distilled, "teacher"),
            last.TryGetProperty("withoutTeacher", out var without) && without.ValueKind == JsonValueKind.Object ? Perplexity(without, "student") : null);
    }

    private static double Perplexity(JsonElement evaluation, string model) => evaluation.GetProperty(model).GetProperty("perplexity").GetDouble();
}
