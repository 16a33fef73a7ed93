using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>Renders a comparison of several runs as one page in the report's style: what differs, the results, and the curves.</summary>
public static class ComparisonHtml
{
    /// <summary>Renders the page.</summary>
    /// <param name="runs">Two or more, each with an epoch.</param>
    public static string Render(IReadOnlyList<RunReport> runs)
    {
        if (runs.Count < 2 || runs.Any(run => run.Epochs.Count == 0))
        {
            throw new ArgumentException("a comparison needs two runs or more, each with an epoch", nameof(runs));
        }

        return Html.Of($"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <title>{runs.Count} runs compared – Distil</title>
            <style>
            {new Html(Style.Sheet)}{new Html(Paint.RunStyleSheet)}</style>
            </head>
            <body>
            <header><p class="kind">Distil comparison</p><h1>{runs.Count} runs compared</h1>
            <nav aria-label="Sections"><a href="#differences">What differs</a>
            <a href="#results">Results</a>
            <a href="#curves">Curves</a>
            </nav></header>
            <main>
            {Differences(runs)}{Results(runs)}{RunCurves.Of(runs)}</main>
            </body>
            </html>

            """).Markup;
    }

    private static Html Differences(IReadOnlyList<RunReport> runs)
    {
        var differences = SpecDifferences.Of([.. runs.Select(run => run.Spec)]);
        var table = new Table("Fields in which the specifications differ", ["Run", .. differences.Select(each => each.Field)])
        {
            Rows = runs.Select((run, i) => (IReadOnlyList<string>)[run.RunId, .. differences.Select(each => each.Values[i] ?? "default")]),
        };
        return Html.Of($"""
            <section id="differences"><h2>What differs</h2>
            {(differences.Count > 0 ? table.ToHtml() : Html.Of($"<p>Nothing: these runs have the same specification.</p>"))}</section>

            """);
    }

    private static Html Results(IReadOnlyList<RunReport> runs)
    {
        var datasets = runs.Select(run => run.Dataset.DatasetId).Distinct().Count();
        var caution = datasets > 1 ? " These runs read different texts: their perplexities are not of the same tokens." : "";
        return Html.Of($"""
            <section id="results"><h2>Results</h2>
            {Values("After the last epoch, on held-out text", runs, Measure.OfQuality)}{Values("Tasks, acc_norm", runs, Measure.OfTasks(runs))}{
                Values("What it cost", runs, Measure.OfCost)}<p class="note">★ marks the best value of a column; ± is one standard error: runs that differ by less than
            two or so may well be equal. Times and memory depend on the machines and on what else ran there.{caution}</p></section>

            """);
    }

    private static Html Values(string caption, IReadOnlyList<RunReport> runs, IReadOnlyList<Measure> measures)
    {
        Measure[] shown = [.. measures.Where(measure => runs.Any(run => measure.Value(run) is not null))];
        if (shown.Length == 0)
        {
            return Html.None;
        }

        var labels = RunLabels.Of(runs);
        return new Table(caption, ["Run", .. shown.Select(measure => measure.Name)])
        {
            Rows = runs.Select((run, i) => (IReadOnlyList<string>)[labels[i], .. shown.Select(measure => measure.Show(run))]),
            Best = shown.SelectMany((measure, column) => measure.Best(runs).Select(row => (row, column + 1))).ToHashSet(),
        }.ToHtml();
    }
}
