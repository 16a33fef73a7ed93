using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Comparison;

/// <summary>Charts of the runs' curves, one line per run.</summary>
internal static class RunCurves
{
    private static readonly (CurveKind Kind, string Title)[] Training =
    [
        (CurveKind.Loss, "Loss, the weighted sum"), (CurveKind.CrossEntropy, "Cross-entropy (CE)"),
        (CurveKind.Kl, "Divergence from the teacher at the step’s T"),
        (CurveKind.Alignment, "Alignment of hidden states"),
    ];

    public static Html Of(IReadOnlyList<RunReport> runs)
    {
        var labels = RunLabels.Of(runs);
        var drawn = runs.Select((run, i) => (Run: run, Label: labels[i])).OrderBy(each => each.Run.Epochs[^1].Distilled.Student.Perplexity)
            .Take(Paint.MaxRuns).Select((each, i) => (each.Run, Pen: Paint.OfRun(i, each.Label))).ToArray();
        var more = runs.Count - drawn.Length;
        var left = more > 0 ? Html.Of($"<p class=\"note\">The {drawn.Length} runs of the lowest perplexity; {more} more are in the table.</p>\n") : Html.None;
        return Html.Of($"""
            <section id="curves"><h2>Curves</h2>
            {left}<div class="charts">
            {Perplexity(drawn)}{Training.Select(each => Curve(drawn, each.Kind, each.Title))}{
                Enum.GetValues<RecallKind>().Select(kind => RecallOf(drawn, kind))}</div>
            </section>

            """);
    }

    private static Html Perplexity((RunReport Run, ChartPen Pen)[] runs) => runs.Max(each => each.Run.Epochs.Count) < 2 ? Html.None : Draw(
        new Chart("Held-out perplexity", "epoch", "perplexity")
        {
            Series = [.. from each in runs
                         let points = each.Run.Epochs.Select(epoch => Point(epoch.Epoch, epoch.Distilled.Student.Perplexity))
                         select new ChartSeries(each.Pen, [.. points])],
        },
        100);

    private static Html Curve((RunReport Run, ChartPen Pen)[] runs, CurveKind kind, string title) => Draw(
        new Chart(title, "optimiser step", kind == CurveKind.Alignment ? "distance" : "nats a token")
        {
            // Bands of several runs would hide one another, so only the means are drawn.
            Series = [.. from each in runs
                         let curve = each.Run.Training.Curves.FirstOrDefault(curve => curve.Kind == kind)
                         where curve is { Points.Count: > 0 }
                         select new ChartSeries(each.Pen, [.. curve!.Points.Select(point => Point(point.Step, point.Mean))])],
            MayBeLogarithmic = true,
        },
        (int)kind);

    private static Html RecallOf((RunReport Run, ChartPen Pen)[] runs, RecallKind kind)
    {
        var measured = (from each in runs
                        let results = (each.Run.Epochs[^1].Distilled.Recall ?? []).Where(result => result.Kind == kind).ToArray()
                        where results.Length > 0
                        select (each.Pen, Results: results)).ToArray();
        var lengths = measured.SelectMany(each => each.Results).Select(result => result.Length).Distinct().Order();
        return Draw(
            new Chart(kind == RecallKind.Associative ? "Associative recall" : "Copying", "tokens of the sequence", "share recalled")
            {
                Series = [.. from each in measured
                             let points = each.Results.Select(result => Point(Math.Log2(result.Length), result.Student.Value))
                             select new ChartSeries(each.Pen, [.. points])],
                Places = [.. lengths.Select(length => (Math.Log2(length), Figures.Count(length)))],
            },
            200 + (int)kind);
    }

    private static Html Draw(Chart chart, int index) => chart.Series.Count == 0 ? Html.None : chart.ToHtml(index);

    private static CurvePoint Point(double x, double y) => new(x, y, y, y);
}
