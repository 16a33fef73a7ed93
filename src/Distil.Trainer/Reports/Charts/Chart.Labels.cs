using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Charts;

/// <content>The text of a chart, as SVG.</content>
internal sealed partial record Chart
{
    private Html Labels(ChartScale x, ChartScale y)
    {
        var (bottom, right) = (Height - Padding.Bottom, Width - Padding.Right);
        var alongX = x.Ticks.Select(tick => Text(
            Padding.Left + (tick.Position - x.From) / (x.To - x.From) * (right - Padding.Left), bottom + 18, "middle", tick.Label));
        var alongY = y.Ticks.Select(tick => Text(
            Padding.Left - 8, bottom - (tick.Position - y.From) / (y.To - y.From) * (bottom - Padding.Top) + 4.5, "end", tick.Label));
        return Html.Of($"""
            {alongX}{alongY}{Text(right, Height - 5, "end", XLabel)}{Text(4, 13, "start", y.Logarithmic ? $"{YLabel}, logarithmic" : YLabel)}

            """);
    }

    private static Html Mark(ChartScale x, (double Position, string Label) mark)
    {
        var at = Padding.Left + ((mark.Position - x.From) / (x.To - x.From) * (Width - Padding.Right - Padding.Left));
        return Html.Of($"""
            <path class="mark" fill="none" stroke="{Paint.Grid}" stroke-width="2" stroke-dasharray="4 3" d="M{Figures.Fixed(at, 1)} {Figures.Fixed(Padding.Top, 0)}V{Figures.Fixed(Height - Padding.Bottom, 0)}"/>
            {Text(at + 4, Padding.Top + 12, "start", mark.Label)}
            """);
    }

    private static Html Text(double x, double y, string anchor, string text) =>
        Html.Of($"<text x=\"{Figures.Fixed(x, 1)}\" y=\"{Figures.Fixed(y, 1)}\" text-anchor=\"{anchor}\">{text}</text>\n");
}
