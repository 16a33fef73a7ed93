using Distil.Core.Documents.Evaluations;
using Distil.Core.Documents.Reports;
using Distil.Trainer.Reports.Charts;
using Distil.Trainer.Reports.Markup;

namespace Distil.Trainer.Reports.Sections;

/// <summary>Recall and copying of random tokens by length: what a state of fixed size loses first.</summary>
internal static class Recall
{
    // A loss is meaningful only if the teacher's share exceeds guessing by this many errors.
    private const double Clearly = 3;

    public static Html Of(RunReport report)
    {
        if (report.Epochs[^1].Distilled.Recall is not { Count: > 0 } distilled)
        {
            return Html.None;
        }

        var without = report.Epochs[^1].WithoutTeacher?.Recall ?? [];
        return Html.Of($"""
            <section id="recall"><h2>Recall by length</h2>
            <p class="note">{Meaning(distilled)}</p>
            <div class="charts">
            {Enum.GetValues<RecallKind>().Select(kind => Chart(kind, distilled, without, report.Epochs[^1].Distilled.Branches?.Reach ?? 0))}</div>
            {Enum.GetValues<RecallKind>().Select(kind => Table(kind, distilled, without))}</section>

            """);
    }

    private static string Meaning(IReadOnlyList<RecallResult> results)
    {
        const string Test =
            "The sequences consist of random tokens of the held-out text. Recall: pairs of a key and a value, then each key again; its value must "
            + "follow. Copying: a stretch, then the same again. The score is the share of tokens ranked first among the possible ones, in a band of one "
            + "standard error.";
        var measured = results.Where(result => result.Teacher is not null).ToArray();
        return measured.Length > 0 && !measured.Any(result => result.Teacher!.Value - result.Chance > Clearly * (result.Teacher.StandardError ?? 0))
            ? $"{Test} The teacher itself does no better than guessing: this does not show what its student has lost."
            : Test;
    }

    /// <param name="kind">What is recalled.</param>
    /// <param name="distilled">The student's and the teacher's scores.</param>
    /// <param name="without">The scores of the student trained without the teacher.</param>
    /// <param name="reach">Positions that a linearised student's attention reaches; 0 if it has none.</param>
    private static Html Chart(RecallKind kind, IReadOnlyList<RecallResult> distilled, IReadOnlyList<RecallResult> without, int reach)
    {
        List<(ChartRole Role, IReadOnlyList<CurvePoint> Points)> series =
        [
            (ChartRole.Distilled, Points(kind, distilled, result => result.Student)),
            (ChartRole.WithoutTeacher, Points(kind, without, result => result.Student)),
            (ChartRole.Teacher, Points(kind, distilled, result => result.Teacher)),
        ];
        return new Chart(Name(kind), "tokens of the sequence", "share recalled")
        {
            Series = [.. series.Where(each => each.Points.Count > 0).Select(each => new ChartSeries(each.Role, each.Points))],
            Places = [.. distilled.Where(result => result.Kind == kind).Select(result => (Place(result), Figures.Count(result.Length)))],
            Marks = reach > 0 ? [(Math.Log2(reach), $"window and sinks: {Figures.Count(reach)}")] : [],
        }.ToHtml(200 + (int)kind);
    }

    // Lengths double, so their logarithms are evenly spaced.
    private static double Place(RecallResult result) => Math.Log2(result.Length);

    private static IReadOnlyList<CurvePoint> Points(RecallKind kind, IReadOnlyList<RecallResult> results, Func<RecallResult, Estimate?> score) =>
        [.. from result in results
            where result.Kind == kind
            let estimate = score(result)
            where estimate is not null
            let error = estimate.StandardError ?? 0
            select new CurvePoint(Place(result), estimate.Value, estimate.Value - error, estimate.Value + error)];

    private static Html Table(RecallKind kind, IReadOnlyList<RecallResult> distilled, IReadOnlyList<RecallResult> without)
    {
        var rows = from result in distilled
                   where result.Kind == kind
                   let baseline = without.FirstOrDefault(other => other.Kind == kind && other.Length == result.Length)
                   select (IReadOnlyList<string>)
                   [
                       Figures.Count(result.Length), Share(result.Student), .. without.Count > 0 ? new[] { Share(baseline?.Student) } : [],
                       result.BeyondTeachersContext ? "beyond its context" : Share(result.Teacher), Figures.Percent(result.Chance),
                       result.Recovery?.AboveChance is { } kept ? Figures.Measured(kept.Value, kept.StandardError) : "–",
                   ];
        string[] columns =
            ["Tokens", "Student", .. without.Count > 0 ? new[] { "Student without teacher" } : [], "Teacher", "Chance", "Recovered above chance"];
        return new Table(Name(kind), columns) { Rows = rows }.ToHtml();
    }

    private static string Name(RecallKind kind) => kind == RecallKind.Associative ? "Associative recall" : "Copying";

    private static string Share(Estimate? share) => share is null ? "–" : $"{Figures.Measured(100 * share.Value, 100 * share.StandardError)}\u202F%";
}
