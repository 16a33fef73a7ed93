using Distil.Core.Documents.Reports;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>Short names for runs: what differs, if that distinguishes them, else their ids.</summary>
internal static class RunLabels
{
    private const int Longest = 48;

    /// <summary>Returns a unique name for each run.</summary>
    public static IReadOnlyList<string> Of(IReadOnlyList<RunReport> runs)
    {
        var differences = SpecDifferences.Of([.. runs.Select(run => run.Spec)]);
        string[] labels = [.. Enumerable.Range(0, runs.Count).Select(Label)];
        return labels.All(label => label.Length is > 0 and <= Longest) && labels.Distinct().Count() == runs.Count
            ? labels
            : [.. runs.Select(run => run.RunId)];

        string Label(int run) => string.Join(", ", differences.Select(each => $"{each.Field.Split('.')[^1]} {each.Values[run] ?? "default"}"));
    }
}
