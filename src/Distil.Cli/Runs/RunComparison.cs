using System.Diagnostics;
using Distil.Cli.Workspaces;
using Distil.Core.Artifacts;
using Distil.Core.Documents.Reports;
using Distil.Core.Errors;
using Distil.Core.Runs.Sweeps;
using Distil.Hosting.Processes;

namespace Distil.Cli.Runs;

/// <summary>Compares finished runs: the trainer writes the page from their reports, as it writes each report.</summary>
internal sealed class RunComparison(Workspace workspace, ArtifactStore store, TrainerProgram trainer)
{
    /// <summary>Returns the runs that some ids name: ids of runs, or of sweeps of runs.</summary>
    internal async Task<IReadOnlyList<string>> ResolveAsync(IEnumerable<string> ids, CancellationToken cancel)
    {
        var runs = new List<string>();
        foreach (var id in ids)
        {
            var sweep = await store.TryReadJsonAsync<SweepDocument>(ArtifactLayout.Sweep(id), cancel);
            runs.AddRange(sweep?.RunIds ?? [await RunNames.ResolveAsync(store, id, cancel)]);
        }

        return [.. runs.Distinct()];
    }

    /// <summary>Compares runs.</summary>
    /// <param name="runs">Two or more.</param>
    /// <param name="output">The page to write.</param>
    /// <param name="json">Whether the trainer prints the comparison as JSON on this process's output.</param>
    /// <param name="cancel">Cancels the call.</param>
    /// <exception cref="InvalidInputException">There are fewer than two, or one has no report.</exception>
    internal async Task WriteAsync(IReadOnlyList<string> runs, string output, bool json, CancellationToken cancel)
    {
        if (runs.Count < 2)
        {
            throw new InvalidInputException($"compare: {runs.Count} run; expected two or more, or a sweep");
        }

        var folder = Directory.CreateTempSubdirectory("distil-compare-");
        try
        {
            var reports = new List<string>();
            foreach (var runId in runs)
            {
                reports.Add(await ReportAsync(runId, folder.FullName, cancel));
            }

            string[] asked = ["compare", .. reports, "--output", output, .. json ? ["--json"] : Array.Empty<string>()];
            using var process = Process.Start(trainer.Command(asked))!;
            await process.WaitForExitAsync(cancel);
            if (process.ExitCode != 0)
            {
                throw new InvalidOperationException($"the trainer could not compare {string.Join(", ", runs)}: it ended with exit code {process.ExitCode}");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>The reports of runs, for a table.</summary>
    /// <exception cref="InvalidInputException">One has no report.</exception>
    internal async Task<IReadOnlyList<RunReport>> ReadAsync(IReadOnlyList<string> runs, CancellationToken cancel)
    {
        var reports = new List<RunReport>();
        foreach (var runId in runs)
        {
            reports.Add(await store.TryReadJsonAsync<RunReport>(ArtifactLayout.ReportData(runId), cancel) ?? throw NoReport(runId));
        }

        return reports;
    }

    /// <summary>Default path of a comparison's page.</summary>
    internal string DefaultOutput(string name) => Path.Combine(workspace.Home, "comparisons", $"{name}.html");

    private static InvalidInputException NoReport(string runId) =>
        new($"{ArtifactLayout.ReportData(runId)} does not exist: {runId} has no report; `distil status {runId}` says where it stands");

    private async Task<string> ReportAsync(string runId, string folder, CancellationToken cancel)
    {
        var blob = ArtifactLayout.ReportData(runId);
        var report = await store.TryReadTextAsync(blob, cancel)
            ?? throw NoReport(runId);
        var path = Path.Combine(folder, $"{runId}.json");
        await File.WriteAllTextAsync(path, report, cancel);
        return path;
    }
}
