using Distil.Core.Documents.Reports;

namespace Distil.Trainer.Reports.Charts;

/// <summary>Whose numbers a line shows: fixes its colour and dashes everywhere.</summary>
internal enum ChartRole
{
    /// <summary>The student trained with the teacher: a full line.</summary>
    Distilled,

    /// <summary>The student trained without: a dashed line.</summary>
    WithoutTeacher,

    /// <summary>The teacher: a dotted line.</summary>
    Teacher,
}

/// <summary>How a line is drawn and what it is called.</summary>
/// <param name="Mark">Its colour in the drawing, which the style sheet replaces: <see cref="Paint"/>.</param>
/// <param name="Name">Its name in legends.</param>
internal readonly record struct ChartPen(string Mark, string Name);

/// <summary>One line of a chart.</summary>
/// <param name="Pen">How it is drawn.</param>
/// <param name="Points">Rising in x.</param>
internal sealed record ChartSeries(ChartPen Pen, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>A line of one run's report.</summary>
    public ChartSeries(ChartRole role, IReadOnlyList<CurvePoint> points)
        : this(new ChartPen(Paint.Of(role), Paint.NameOf(role)), points)
    {
    }
}
