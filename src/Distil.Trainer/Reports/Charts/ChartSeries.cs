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

/// <summary>One line of a chart.</summary>
/// <param name="Role">Whose numbers.</param>
/// <param name="Points">Rising in x.</param>
internal sealed record ChartSeries(ChartRole Role, IReadOnlyList<CurvePoint> Points);
