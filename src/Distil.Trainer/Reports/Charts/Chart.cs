using System.Text.RegularExpressions;
using Distil.Trainer.Reports.Markup;
using ScottPlot;

namespace Distil.Trainer.Reports.Charts;

/// <summary>A line chart as inline SVG, drawn by ScottPlot and coloured by the page's style sheet for light and dark.</summary>
/// <remarks>
/// Tick labels are SVG text set here: ScottPlot places each letter by the fonts of the machine that draws, and omits all text if there are none. Colours are
/// marks that the style sheet replaces, see <see cref="Paint"/>.
/// </remarks>
internal sealed partial record Chart(string Title, string XLabel, string YLabel)
{
    private const int Width = 460, Height = 250;
    private static readonly PixelPadding Padding = new(left: 58, right: 12, bottom: 44, top: 24);
    private static readonly Color Grid = Color.FromHex(Paint.Grid);

    /// <value>The lines.</value>
    public required IReadOnlyList<ChartSeries> Series { get; init; }

    /// <value>Positions on the x axis with their labels; if there are none, the axis has whole numbers.</value>
    public IReadOnlyList<(double Position, string Label)> Places { get; init; } = [];

    /// <value>Positions on the x axis that a vertical line marks, with its label; those outside of the axis are not drawn.</value>
    public IReadOnlyList<(double Position, string Label)> Marks { get; init; } = [];

    /// <value>Whether a wide range of positive values may have a logarithmic y axis.</value>
    public bool MayBeLogarithmic { get; init; }

    /// <summary>Returns a figure with the chart, its legend and its note.</summary>
    /// <param name="index">Unique on the page, because names inside an SVG are shared by the whole page.</param>
    public Html ToHtml(int index)
    {
        var points = Series.SelectMany(series => series.Points).ToArray();
        var y = ChartScale.Of(points.Min(point => point.Least), points.Max(point => point.Most), MayBeLogarithmic);
        var (first, last) = (points.Min(point => point.Step), points.Max(point => point.Step));
        var x = Places.Count > 0 ? new ChartScale(first - 0.25, last + 0.25, false, Places) : ChartScale.Whole(first, last > first ? last : first + 1);
        var summary = string.Join("; ", Series.Select(Describe));
        return Html.Of($"""
            <figure>
            <figcaption><strong>{Title}</strong>{Html.Join(Series.Select(Legend))}</figcaption>
            <svg class="chart" viewBox="0 0 {Width} {Height}" role="img" aria-label="{Title}, {YLabel} by {XLabel}. {summary}">
            {Drawing(x, y, index)}{Labels(x, y)}{Marks.Where(mark => mark.Position >= x.From && mark.Position <= x.To).Select(mark => Mark(x, mark))}</svg>
            </figure>

            """);
    }

    private static string Describe(ChartSeries series) =>
        $"{series.Pen.Name}: from {Figures.Number(series.Points[0].Mean)} to {Figures.Number(series.Points[^1].Mean)}";

    private static Html Legend(ChartSeries series)
    {
        var line = Html.Of($"""<path fill="none" d="M0 4L28 4" stroke-width="2" stroke="{series.Pen.Mark}"/>""");
        return Html.Of($"""
            <span class="key"><svg class="chart" viewBox="0 0 28 8" width="28" height="8" aria-hidden="true">{line}</svg>{series.Pen.Name}</span>
            """);
    }

    private Html Drawing(ChartScale x, ChartScale y, int index)
    {
        using var plot = new Plot();
        plot.FigureBackground.Color = plot.DataBackground.Color = Colors.Transparent;
        plot.Axes.Frame(false);
        plot.Axes.SetLimits(x.From, x.To, y.From, y.To);
        plot.Axes.Bottom.TickGenerator = Ticks(x);
        plot.Axes.Left.TickGenerator = Ticks(y);
        plot.Axes.Bottom.MajorTickStyle.Length = plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Grid.MajorLineColor = Grid;
        plot.Layout.Fixed(Padding);
        foreach (var series in Series)
        {
            Draw(plot, series, y);
        }

        var svg = plot.GetSvgXml(Width, Height);
        var body = svg[(svg.IndexOf('>', svg.IndexOf("<svg", StringComparison.Ordinal)) + 1)..svg.LastIndexOf("</svg>", StringComparison.Ordinal)];
        var names = new Dictionary<string, string>(); // ScottPlot numbers them across the process, so equal pages would differ
        return new Html(ClipName().Replace(body, name => names[name.Value] = names.GetValueOrDefault(name.Value, $"chart{index}-{names.Count}"))
            .Replace("\t", "", StringComparison.Ordinal));
    }

    private static void Draw(Plot plot, ChartSeries series, ChartScale y)
    {
        var color = Color.FromHex(series.Pen.Mark);
        double[] xs = [.. series.Points.Select(point => point.Step)];
        if (series.Points.Any(point => point.Most > point.Least))
        {
            var band = plot.Add.FillY(xs, [.. series.Points.Select(point => y.At(point.Least))], [.. series.Points.Select(point => y.At(point.Most))]);
            (band.FillColor, band.LineWidth) = (color.WithAlpha(0.16), 0);
        }

        var line = plot.Add.ScatterLine(xs, [.. series.Points.Select(point => y.At(point.Mean))]);
        (line.Color, line.LineWidth) = (color, 2);
    }

    private static ScottPlot.TickGenerators.NumericManual Ticks(ChartScale scale) =>
        new([.. scale.Ticks.Select(tick => tick.Position)], [.. scale.Ticks.Select(_ => "")]);

    [GeneratedRegex("cl_[0-9a-f]+")]
    private static partial Regex ClipName();
}
