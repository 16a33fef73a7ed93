using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>What was measured on held-out text after each epoch.</summary>
internal static class Epochs
{
    public static Html Of(RunReport report)
    {
        var withTeacher = report.Epochs.Any(epoch => epoch.Distilled.Teacher is not null);
        var withBaseline = report.Epochs.Any(epoch => epoch.WithoutTeacher is not null);
        List<string> columns = ["Epoch", "Student’s perplexity", .. withTeacher ? ["Teacher’s", "Ratio", "KL, nats", "Same top token"] : Array.Empty<string>()];
        if (withBaseline)
        {
            columns.AddRange(["Perplexity without teacher", "KL without teacher, nats"]);
        }

        var table = new Table("Held-out text after each epoch", columns) { Rows = report.Epochs.Select(epoch => Row(epoch, withTeacher, withBaseline)) };
        return Html.Of($"""
            <section id="epochs"><h2>Perplexity after each epoch</h2>
            {table.ToHtml()}{(report.Epochs.Count > 1 ? Html.Of($"<div class=\"charts\">{PerplexityChart(report).ToHtml(100)}</div>") : Html.None)}
            </section>

            """);
    }

    private static List<string> Row(EpochSummary epoch, bool withTeacher, bool withBaseline)
    {
        var (student, without) = (epoch.Distilled, epoch.WithoutTeacher);
        List<string> row = [Figures.Count(epoch.Epoch), Figures.Number(student.Student.Perplexity)];
        if (withTeacher)
        {
            row.AddRange(
            [
                Or(student.Teacher?.Perplexity, Figures.Number), Or(student.PerplexityRatio, ratio => Figures.Fixed(ratio, 3)),
                Or(student.Kl, Figures.Number), Or(student.Top1Agreement, Figures.Percent),
            ]);
        }

        if (withBaseline)
        {
            row.AddRange([Or(without?.Student.Perplexity, Figures.Number), Or(without?.Kl, Figures.Number)]);
        }

        return row;
    }

    private static string Or(double? value, Func<double, string> show) => value is { } number ? show(number) : "–";

    private static Chart PerplexityChart(RunReport report)
    {
        List<ChartSeries> series = [];
        Add(ChartRole.Distilled, epoch => epoch.Distilled.Student.Perplexity);
        Add(ChartRole.WithoutTeacher, epoch => epoch.WithoutTeacher?.Student.Perplexity);
        Add(ChartRole.Teacher, epoch => epoch.Distilled.Teacher?.Perplexity);
        return new Chart("Held-out perplexity", "epoch", "perplexity") { Series = series };

        void Add(ChartRole role, Func<EpochSummary, double?> value)
        {
            var points = from epoch in report.Epochs
                         let y = value(epoch)
                         where y is not null
                         select new CurvePoint(epoch.Epoch, y.Value, y.Value, y.Value);
            if (points.ToArray() is { Length: > 0 } found)
            {
                series.Add(new ChartSeries(role, found));
            }
        }
    }
}
