namespace Distil.Trainer.Reports.Charts;

/// <summary>The colours in which charts are drawn: placeholders, each replaced by a rule of the page's style sheet.</summary>
internal static class Paint
{
    /// <summary>Grid lines.</summary>
    public const string Grid = "#A1A1A0";

    /// <summary>The placeholder of a role's lines and bands, as ScottPlot writes it.</summary>
    public static string Of(ChartRole role) => role switch
    {
        ChartRole.Distilled => "#A10001",
        ChartRole.WithoutTeacher => "#A10002",
        _ => "#A10003",
    };

    /// <summary>Maximum number of runs in one chart.</summary>
    public const int MaxRuns = 8;

    // Okabe and Ito's colours, which most colour-blind readers can distinguish, darker on light pages and lighter on dark ones.
    private static readonly (string Light, string Dark)[] Runs =
    [
        ("#0b5fc0", "#6db3ff"), ("#b3541e", "#f2a265"), ("#2f7d4f", "#74cf97"), ("#8a3f8f", "#dd9be0"),
        ("#8a6d00", "#e5c64a"), ("#007c89", "#5fd0dc"), ("#b0294b", "#ff8ba3"), ("#50565e", "#b9c0c8"),
    ];

    /// <summary>The pen of a run in a comparison.</summary>
    /// <param name="index">From 0, below <see cref="MaxRuns"/>.</param>
    /// <param name="name">Its name.</param>
    public static ChartPen OfRun(int index, string name) => new(RunMark(index), name);

    /// <summary>A role's name everywhere in the report.</summary>
    public static string NameOf(ChartRole role) => role switch
    {
        ChartRole.Distilled => "student",
        ChartRole.WithoutTeacher => "student without teacher",
        _ => "teacher",
    };

    /// <summary>The rules that replace placeholders by colours of the page.</summary>
    public static string StyleSheet { get; } = string.Concat(Enum.GetValues<ChartRole>().Select(Rules)) + $$"""
        .chart [stroke="{{Grid}}"] { stroke: var(--line); }

        """;

    /// <summary>The rules for the runs of a comparison.</summary>
    public static string RunStyleSheet { get; } = $$"""
        :root { {{Variables(run => run.Light)}} }
        @media (prefers-color-scheme: dark) { :root { {{Variables(run => run.Dark)}} } }

        """ + string.Concat(Runs.Select((_, index) => Rules(RunMark(index), $"run-{index}", RunDashes[index % RunDashes.Length])));

    private static string[] RunDashes => ["none", "6 3", "2 3", "9 3 2 3"];

    private static string RunMark(int index) => string.Create(System.Globalization.CultureInfo.InvariantCulture, $"#A200{index:00}");

    private static string Variables(Func<(string Light, string Dark), string> color) =>
        string.Join(' ', Runs.Select((run, index) => $"--run-{index}: {color(run)};"));

    private static string Rules(ChartRole role) => Rules(Of(role), Variable(role), Dashes(role));

    private static string Rules(string mark, string variable, string dashes) => $$"""
        .chart [stroke="{{mark}}"] { stroke: var(--{{variable}}); stroke-dasharray: {{dashes}}; }
        .chart [fill="{{mark}}"] { fill: var(--{{variable}}); }

        """;

    private static string Variable(ChartRole role) => NameOf(role).Replace(' ', '-');

    private static string Dashes(ChartRole role) => role switch
    {
        ChartRole.Distilled => "none",
        ChartRole.WithoutTeacher => "6 3",
        _ => "2 3",
    };
}
