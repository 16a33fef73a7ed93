using System.Globalization;
using Distil.Core.Documents.Reports;

namespace Distil.Cli.Runs;

/// <summary>A table of finished runs for the terminal: a line for each, the best student first.</summary>
internal static class ComparisonTable
{
    private static readonly string[] Heads = ["run", "perplexity", "teacher", "ratio", "without teacher", "KL", "top-1 agreement", "parameters", "training"];

    /// <summary>The lines of the table.</summary>
    /// <param name="reports">The runs' reports.</param>
    internal static IReadOnlyList<string> Of(IEnumerable<RunReport> reports)
    {
        string[][] rows = [Heads, .. reports.OrderBy(report => Perplexities.Of(report).Student).Select(Row)];
        var widths = Enumerable.Range(0, Heads.Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return [.. rows.Select(row => string.Join("  ", row.Select((cell, column) => column == 0 ? cell.PadRight(widths[0]) : cell.PadLeft(widths[column]))).TrimEnd())];
    }

    private static string[] Row(RunReport report)
    {
        var (last, perplexity) = (report.Epochs[^1].Distilled, Perplexities.Of(report));
        return
        [
            report.RunId,
            Number(perplexity.Student, "0.000"),
            Number(perplexity.Teacher, "0.000"),
            Number(last.PerplexityRatio, "0.00"),
            Number(perplexity.StudentWithoutTeacher, "0.000"),
            Number(last.Kl, "0.000"),
            Number(100 * last.Top1Agreement, "0.0") + (last.Top1Agreement is null ? "" : " %"),
            Number(report.Student.TrainableParameters + report.Student.FrozenParameters, "N0"),
            TimeSpan.FromSeconds(report.Training.Seconds).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture),
        ];
    }

    private static string Number(double? value, string format) => value?.ToString(format, CultureInfo.InvariantCulture) ?? "–";
}
