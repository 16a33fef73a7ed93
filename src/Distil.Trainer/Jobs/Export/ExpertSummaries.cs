using Distil.Core.Artifacts;
using Distil.Core.Artifacts.Kinds;
using Distil.Core.Documents.Reports;

namespace Distil.Trainer.Jobs.Export;

/// <summary>Summarises the students that a run merges, for its report.</summary>
internal static class ExpertSummaries
{
    /// <summary>Reads their runs' reports. One that is missing, or that another version wrote, leaves only run and share: the merge does not need it.</summary>
    public static async Task<IReadOnlyList<ExpertSummary>> ReadAsync(JobContext job, IReadOnlyList<Expert> experts)
    {
        var found = new List<ExpertSummary>();
        foreach (var expert in experts)
        {
            var known = await TryReadAsync(job, expert);
            found.Add(new ExpertSummary(
                expert.RunId, expert.Share, known?.Dataset.DatasetId, known?.Dataset.TrainTokens, known?.Epochs[^1].Distilled.Student.Perplexity,
                known?.Epochs[^1].Distilled.Teacher?.Perplexity));
        }

        return found;
    }

    private static async Task<RunReport?> TryReadAsync(JobContext job, Expert expert)
    {
        try
        {
            return await job.Store.TryReadJsonAsync<RunReport>(ArtifactLayout.ReportData(expert.RunId), job.Stop);
        }
        catch (ArtifactException)
        {
            return null;
        }
    }
}
