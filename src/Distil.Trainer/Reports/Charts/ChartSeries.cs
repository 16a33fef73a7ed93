using Distil.Core.Documents.Reports;

namespace Distil.Trainer.Reports.Charts;

/// <summary>The model that a line belongs to; it determines colour and dashes in every chart.</summary>
internal enum ChartRole
{
    /// <summary>The student trained with the teacher: a solid line.</summary>
    Distilled,

    /// <summary>The student trained without the teacher: a dashed line.</summary>
    WithoutTeacher,

    /// <summary>The teacher: a dotted line.</summary>
    Teacher,
}

/// <summary>A line's colour and name.</summary>
/// <param name="Mark">Its colour in the drawing, which the style sheet replaces: <see cref="Paint"/>.</param>
/// <param name="Name">Its name in legends.</param>
internal readonly record struct ChartPen(string Mark, string Name);

/// <summary>One line of a chart.</summary>
/// <param name="Pen">How it is drawn.</param>
/// <param name="Points">Points in ascending order of x.</param>
internal sealed record ChartSeries(ChartPen Pen, IReadOnlyList<CurvePoint> Points)
{
    /// <summary>A line of one run's report.</summary>
    public ChartSeries(ChartRole role, IReadOnlyList<CurvePoint> points)
        : this(new ChartPen(Paint.Of(role), Paint.NameOf(role)), points)
    {
    }
}
