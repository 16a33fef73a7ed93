using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>The evaluations on held-out text after each epoch.</summary>
internal static class Epochs
{
    public static Html Of(RunReport report)
    {
        var withTeacher = report.Epochs.Any(epoch => epoch.Distilled.Teacher is not null);
        var withBaseline = report.Epochs.Any(epoch => epoch.WithoutTeacher is not null);
        string[] beside = withTeacher ? ["Teacher’s", "Ratio", "KL, nats", "Same top token"] : [];
        List<string> columns = ["Epoch", "Student’s perplexity", .. beside];
        if (withBaseline)
        {
            columns.AddRange(["Perplexity without teacher", "KL without teacher, nats"]);
        }

        var table = new Table("Held-out text after each epoch", columns) { Rows = report.Epochs.Select(epoch => Row(epoch, withTeacher, withBaseline)) };
        return Html.Of($"""
            <section id="epochs"><h2>Perplexity after each epoch</h2>
            {table.ToHtml()}{(report.Epochs.Count > 1 ? Html.Of($"<div class=\"charts\">{PerplexityChart(report).ToHtml(100)}</div>\n") : Html.None)}{
                ByUnit(report.Epochs[^1])}</section>

            """);
    }

    private static Html ByUnit(EpochSummary last)
    {
        (ChartRole Role, ModelScore? Score)[] models =
            [(ChartRole.Distilled, last.Distilled.Student), (ChartRole.WithoutTeacher, last.WithoutTeacher?.Student),
                (ChartRole.Teacher, last.Distilled.Teacher)];
        if (last.Distilled.Student.Text is null)
        {
            return Html.None;
        }

        var table = new Table("Perplexity by unit of text after the last epoch", "", "Token perplexity", "Word perplexity", "Byte perplexity", "Bits per byte")
        {
            Rows = from model in models
                   where model.Score?.Text is not null
                   let text = model.Score!.Text!
                   select (IReadOnlyList<string>)
                   [
                       Paint.NameOf(model.Role), Figures.Measured(model.Score.Perplexity, model.Score.PerplexityStandardError),
                       Measured(text.WordPerplexity), Measured(text.BytePerplexity), Measured(text.BitsPerByte),
                   ],
        };
        return Html.Of($"""
            {table.ToHtml()}<p class="note">± is one standard error, of a sample of rows. Words and bytes are those of the text, {Figures.Count(last.Distilled.Words ?? 0)} and
            {Figures.Count(last.Distilled.Bytes ?? 0)}: models with other vocabularies can be compared by these numbers.</p>

            """);
    }

    private static string Measured(Estimate estimate) => Figures.Measured(estimate.Value, estimate.StandardError);

    private static List<string> Row(EpochSummary epoch, bool withTeacher, bool withBaseline)
    {
        var (student, without) = (epoch.Distilled, epoch.WithoutTeacher);
        List<string> row = [Figures.Count(epoch.Epoch), Perplexity(student.Student)];
        if (withTeacher)
        {
            row.AddRange(
            [
                student.Teacher is { } teacher ? Perplexity(teacher) : "–", Or(student.PerplexityRatio, ratio => student.PerplexityRatioStandardError is { } error ? Figures.Measured(ratio, error) : Figures.Fixed(ratio, 3)),
                Or(student.Kl, kl => Figures.Measured(kl, student.KlStandardError)), Or(student.Top1Agreement, Figures.Percent),
            ]);
        }

        if (withBaseline)
        {
            row.AddRange(
                [without is null ? "–" : Perplexity(without.Student), Or(without?.Kl, kl => Figures.Measured(kl, without!.KlStandardError))]);
        }

        return row;
    }

    private static string Perplexity(ModelScore score) => Figures.Measured(score.Perplexity, score.PerplexityStandardError);

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
