using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Errors;

namespace Distil.Cli.Runs;

/// <summary>A run that has succeeded: its result and its local files.</summary>
/// <param name="RunId">The run.</param>
/// <param name="Report">Path of the report.</param>
/// <param name="Model">Path of the model's folder.</param>
/// <param name="Exports">Path of the folder with the student's folders for other programs; null if there are none.</param>
/// <param name="Seconds">Time that this process spent on the run, in seconds.</param>
/// <param name="Perplexity">Perplexities on the held-out rows, after the last epoch.</param>
/// <param name="Notes">Where the run did less than was asked; empty if it did all.</param>
internal sealed record FinishedRun(
    string RunId, string Report, string Model, string? Exports, double Seconds, Perplexities Perplexity, IReadOnlyList<string> Notes)
{
    /// <summary>Copies a finished run's report and model into the workspace and reads its result.</summary>
    /// <exception cref="InvalidInputException">The run has no report.</exception>
    internal static async Task<FinishedRun> CollectAsync(Workspace workspace, ArtifactStore store, string runId, double seconds, CancellationToken cancel)
    {
        var blob = ArtifactLayout.ReportData(runId);
        var report = await store.TryReadJsonAsync<RunReport>(blob, cancel)
            ?? throw new InvalidInputException($"{blob} does not exist: {runId} has no report; `distil status {runId}` says where it stands");
        var copies = new LocalCopies(workspace, store);
        return new FinishedRun(
            runId, await copies.ReportAsync(runId, cancel), await copies.ModelAsync(runId, cancel), await copies.ExportsAsync(runId, cancel), Math.Round(seconds, 1),
            Perplexities.Of(report), report.Notes);
    }
}

/// <summary>The perplexities of a run's models.</summary>
/// <param name="Student">The distilled student's.</param>
/// <param name="Teacher">The teacher's.</param>
/// <param name="StudentWithoutTeacher">The perplexity of the same student trained without the teacher; null if the run had none.</param>
internal sealed record Perplexities(double Student, double Teacher, double? StudentWithoutTeacher)
{
    /// <summary>Returns the perplexities after the last epoch of a report.</summary>
    internal static Perplexities Of(RunReport report)
    {
        var last = report.Epochs[^1];
        return new Perplexities(last.Distilled.Student.Perplexity, last.Distilled.Teacher!.Perplexity, last.WithoutTeacher?.Student.Perplexity);
    }
}
