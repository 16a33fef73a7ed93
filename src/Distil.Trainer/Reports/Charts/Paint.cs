namespace Distil.Trainer.Reports.Charts;

/// <summary>The colours that charts are drawn in: marks that nobody sees, each replaced by a rule of the page's style sheet.</summary>
internal static class Paint
{
    /// <summary>Grid lines.</summary>
    public const string Grid = "#A1A1A0";

    /// <summary>The mark of a role's lines and bands, as ScottPlot writes it.</summary>
    public static string Of(ChartRole role) => role switch
    {
        ChartRole.Distilled => "#A10001",
        ChartRole.WithoutTeacher => "#A10002",
        _ => "#A10003",
    };

    /// <summary>What a role is called everywhere in the report.</summary>
    public static string NameOf(ChartRole role) => role switch
    {
        ChartRole.Distilled => "student",
        ChartRole.WithoutTeacher => "student without teacher",
        _ => "teacher",
    };

    /// <summary>The rules that turn marks into colours of the page.</summary>
    public static string StyleSheet { get; } = string.Concat(Enum.GetValues<ChartRole>().Select(Rules)) + $$"""
        .chart [stroke="{{Grid}}"] { stroke: var(--line); }

        """;

    private static string Rules(ChartRole role) => $$"""
        .chart [stroke="{{Of(role)}}"] { stroke: var(--{{Variable(role)}}); stroke-dasharray: {{Dashes(role)}}; }
        .chart [fill="{{Of(role)}}"] { fill: var(--{{Variable(role)}}); }

        """;

    private static string Variable(ChartRole role) => NameOf(role).Replace(' ', '-');

    private static string Dashes(ChartRole role) => role switch
    {
        ChartRole.Distilled => "none",
        ChartRole.WithoutTeacher => "6 3",
        _ => "2 3",
    };
}
